"""The logs of a layer's last builds, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.clock import Clock
from builder.errors import LayerError
from builder.layer import Layer

PAUSE = 1.0
"""Seconds between looks at a log that is followed."""

PATIENCE = 30.0
"""Seconds for which the merge may keep who follows waiting once all parts are made."""

MERGE = "merge"


def builds_of(layer: Layer) -> dict[str, str]:
    """Return the builds that run, failed, or made the current release, by runtime.

    The build that makes the artifact is "": the only one of a layer with one target, else the one
    that merges the parts, and the last.
    """
    record = layer.records.load()
    if record is None:
        return {}
    if record.attempt is not None and record.attempt.all_builds:
        return record.attempt.all_builds
    current = record.current
    return {**current.builds, "": current.build_id} if current else {}


def last_build(layer: Layer) -> str:
    """Return the id of the last build that runs, failed, or made the current release, or ""."""
    return next(reversed(builds_of(layer).values()), "")


def build_log(layer: Layer, *, follow: bool, clock: Clock) -> Iterator[str]:
    """Yield the lines of the last builds' logs; with ``follow``, until those builds have ended.

    The lines of several builds carry the runtime that they are for: one build after the other, or
    as they come when they are followed. Raise LayerError when there is no build yet, or CodeBuild
    no longer knows it.
    """
    tails = _Tails(layer)
    tails.look()
    if not tails.found:
        raise LayerError(
            f"layer {layer.name!r} has no build to show",
            where=f"its record in {layer.services.store.bucket}",
            expected="at least one build that CodeBuild still remembers",
            fix=f"build it: lambda-layer build {layer.name}",
        )
    if not follow:
        for tail in tails.found.values():
            while lines := tail.read():
                yield from tails.named(tail, lines)
        return
    yield from _followed(tails, clock)


def _followed(tails: _Tails, clock: Clock) -> Iterator[str]:
    idle_since: float | None = None
    while True:
        running = tails.running
        for tail in list(tails.found.values()):
            while lines := tail.read():
                yield from tails.named(tail, lines)
        idle_since = None if running else (idle_since or clock.now())
        if idle_since is not None:
            waited = clock.now() - idle_since
            if not tails.merge_is_due or waited > PATIENCE:
                return
        clock.sleep(PAUSE)
        tails.look()


@dataclass
class _Tail:
    """The log of one build from a position on."""

    layer: Layer
    runtime: str
    state: BuildState
    position: str | None = None

    def read(self) -> list[str] | None:
        """Return the next lines, None when there are no more for now."""
        # CodeBuild names the stream only once the build is provisioned.
        group, stream = self.state.log_group or self.layer.site.log_group, self.state.log_stream
        if not stream:
            return None
        while True:
            lines, after = self.layer.services.logs.follow(group, stream, self.position)
            # Also after an empty page: at the end of a stream the position stays the same
            # (CloudWatch Logs API reference, GetLogEvents).
            moved = after != self.position
            self.position = after
            if lines or not moved:
                return lines or None


class _Tails:
    """The logs of all builds of an attempt, which may become more while they are followed."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.found: dict[str, _Tail] = {}
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
                self.found[build_id] = _Tail(self.layer, runtime, state)
            self.found[build_id].state = state

    @property
    def running(self) -> bool:
        """Whether a build has not ended."""
        return any(tail.state.running for tail in self.found.values())

    @property
    def merge_is_due(self) -> bool:
        """Whether all parts are made, and the build that merges them is still to come."""
        made = all(tail.state.succeeded for tail in self.found.values())
        several = len(self.layer.spec.targets) > 1
        return several and made and "" not in self._builds

    def named(self, tail: _Tail, lines: list[str]) -> Iterator[str]:
        """Yield lines with the runtime that they are for, when there are several."""
        if len(self.layer.spec.targets) == 1:
            yield from lines
            return
        width = max(len(name) for name in (MERGE, *(t.runtime for t in self.layer.spec.targets)))
        for line in lines:
            yield f"{tail.runtime or MERGE:<{width}} | {line}"
