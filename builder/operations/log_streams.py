"""The logs of all builds of a layer's last attempt, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.clock import Clock
from builder.layer.layer import Layer
from builder.operations.logs import PAUSE, Tail, builds_of, find_build_of

PATIENCE = 30.0
"""Seconds for which the merge may keep who follows waiting once all parts are made."""

MERGE = "merge"


def build_logs(layer: Layer, *, follow: bool, clock: Clock) -> Iterator[str]:
    """Yield the lines of the last builds' logs; with ``follow``, until those builds have ended.

    The lines of several builds carry the runtime that they are for: one build after the other, or
    as they come when they are followed. Raise LayerError when there is no build yet, or CodeBuild
    no longer knows it.
    """
    logs = _Logs(layer)
    logs.look()
    if not logs.found:
        find_build_of(layer)
    if follow:
        yield from _followed(logs, clock)
        return
    for log in logs.found.values():
        yield from logs.lines(log)


def _followed(logs: _Logs, clock: Clock) -> Iterator[str]:
    idle_since: float | None = None
    while True:
        running = logs.running
        for log in list(logs.found.values()):
            yield from logs.lines(log)
        idle_since = None if running else (idle_since or clock.now())
        if idle_since is not None:
            waited = clock.now() - idle_since
            if not logs.merge_is_due or waited > PATIENCE:
                return
        clock.sleep(PAUSE)
        logs.look()


@dataclass
class _Log:
    """The log of one build from where we are."""

    runtime: str
    state: BuildState
    tail: Tail


class _Logs:
    """The logs of all builds of an attempt, which may become more while they are followed."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.found: dict[str, _Log] = {}
        self._builds: dict[str, str] = {}

    def look(self) -> None:
        """See how the builds are, and whether there are more."""
        found = builds_of(self.layer)
        # What is followed stays what it is when its release is published, or another one begins.
        ours = not self._builds or set(self._builds.values()) <= set(found.values())
        self._builds = found if ours else self._builds
        states = {s.id: s for s in self.layer.services.codebuild.states(self._builds.values())}
        for runtime, build_id in self._builds.items():
            state = states.get(build_id)
            if state is None:
                continue
            if build_id not in self.found:
                self.found[build_id] = _Log(runtime, state, Tail(self.layer))
            self.found[build_id].state = state

    @property
    def running(self) -> bool:
        """Whether a build has not ended."""
        return any(log.state.running for log in self.found.values())

    @property
    def merge_is_due(self) -> bool:
        """Whether all parts are made, and the build that merges them is still to come."""
        made = all(log.state.succeeded for log in self.found.values())
        several = len(self.layer.spec.targets) > 1
        return several and made and "" not in self._builds

    def lines(self, log: _Log) -> Iterator[str]:
        """Yield a log's next lines, with the runtime that they are for when there are several."""
        names = [target.runtime for target in self.layer.spec.targets]
        width = max(map(len, [MERGE, *names]))
        more = True
        while more:
            lines, more = log.tail.read(log.state)
            for line in lines:
                yield f"{log.runtime or MERGE:<{width}} | {line}" if len(names) > 1 else line
