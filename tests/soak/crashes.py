"""Processes that are killed before each call of AWS and after each write, and what is left."""

from __future__ import annotations

import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.aws import EmbeddedAws
from tests.soak.found import Found
from tests.soak.place import Place
from tests.soak.zygote import Process, Zygote


@dataclass(frozen=True)
class Way:
    """A way to a release, and the builds it takes: what is killed, and what runs after it."""

    name: str
    python: tuple[str, ...] = ("3.12",)
    builds: int = 1


WAYS = (
    Way("command"),
    Way("hook"),
    Way("publisher"),
    Way("two runtimes", python=("3.12", "3.13"), builds=3),
)


@dataclass(frozen=True)
class Crashes:
    """The crash points of all ways on one embedded AWS."""

    aws: EmbeddedAws
    zygote: Zygote
    root: Path

    def points(self, way: Way) -> list[str]:
        """Return the fates of a way: those that a run without a crash can meet."""
        process = self._doom(way, self._place(way), "")
        assert process.exit_code() == 0, process.stderr
        found = []
        for moment in ("before", "after"):
            calls = [call for call in process.calls if call.startswith(moment)]
            found += [f"{moment} {number}" for number in range(len(calls))]
        return found

    def meet(self, way: Way, fate: str) -> Found:
        """Kill a process at a point, run it again, and judge what is left."""
        place, name = self._place(way), f"{way.name}, killed {fate}"
        try:
            end = self._doom(way, place, fate).exit_code()
            place.wait_for_builds()
            ran = self._run(way, place)
            code = ran.exit_code()
            if way.name == "publisher" and not place.versions():
                # Lambda called the publisher again in vain: the next apply finishes the release.
                ran = self.zygote.start(place.environment(), hurry=True, argv=place.build())
                code = ran.exit_code()
        except AssertionError as error:
            return Found(name, trouble=str(error))
        # Calls of threads come in another order, so the last ones may not be reached.
        trouble = "" if end in {0, -signal.SIGKILL} else f"it was not killed, but ended with {end}"
        if code:
            trouble = f"the run after it ended with {code}: {ran.stderr[-800:]}"
        return Found.of(name, place, way.builds, trouble=trouble)

    def _place(self, way: Way) -> Place:
        return Place(self.aws, Path(tempfile.mkdtemp(dir=self.root)), python=way.python)

    def _doom(self, way: Way, place: Place, fate: str) -> Process:
        """Start the process that meets a fate, and wait for its end."""
        if way.name == "publisher":
            argv = [*place.build(), "--no-wait"]
            self.zygote.start(place.environment(), hurry=True, argv=argv).exit_code()
            place.wait_for_builds()
        process = self._run(way, place, fate)
        process.exit_code()
        return process

    def _run(self, way: Way, place: Place, fate: str = "") -> Process:
        job: dict[str, Any] = {"argv": place.build()}
        if way.name == "hook":
            job = {"query": place.query("web")}
        if way.name == "publisher":
            job = {"event": place.ended()}
        return self.zygote.start(place.environment(), fate=fate, hurry=True, **job)
