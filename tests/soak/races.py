"""Processes that release the same content at the same time."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.aws import EmbeddedAws
from tests.soak.found import Found
from tests.soak.place import Place
from tests.soak.zygote import Zygote


@dataclass(frozen=True)
class Race:
    """Which processes run at once: commands, applies, and publishers after a build that ended."""

    name: str
    commands: int = 0
    hooks: int = 0
    publishers: int = 0
    python: tuple[str, ...] = ("3.12",)


RACES = (
    Race("20 commands", commands=20),
    Race("2 commands", commands=2),
    Race("3 commands, 3 applies", commands=3, hooks=3),
    Race("3 publishers, a command, an apply", publishers=3, commands=1, hooks=1),
    Race("5 commands, two runtimes", commands=5, python=("3.12", "3.13")),
)


def run(aws: EmbeddedAws, zygote: Zygote, root: Path, race: Race) -> Found:
    """Run a race, and judge what is left."""
    place = Place(aws, Path(tempfile.mkdtemp(dir=root)), python=race.python)
    environment = place.environment()
    if race.publishers:
        zygote.start(environment, argv=[*place.build(), "--no-wait"]).exit_code()
        place.wait_for_builds()
    event = place.ended() if race.publishers else {}
    gate = place.root / "go"
    jobs: Sequence[Mapping[str, Any]] = [
        *[{"argv": place.build()}] * race.commands,
        *[{"query": place.query("web")}] * race.hooks,
        *[{"event": event}] * race.publishers,
    ]
    processes = [zygote.start(environment, gate=str(gate), **job) for job in jobs]
    gate.touch()
    ends = [process.exit_code() for process in processes]
    place.wait_for_builds()
    allowed = {0}
    trouble = "\n".join(
        process.stderr[-500:]
        for process, end in zip(processes, ends, strict=True)
        if end not in allowed and "was overtaken" not in process.stderr
    )
    builds = 3 if len(race.python) > 1 else 1
    silence = max(process.silence for process in processes)
    return Found.of(race.name, place, builds, trouble=trouble, silence=silence)
