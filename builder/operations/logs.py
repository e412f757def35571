"""The log of a layer's builds, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.builds.push import recent_pushes
from builder.builds.start import recent_builds
from builder.clock import Clock
from builder.errors import LayerError
from builder.layer.attempt import PUSH
from builder.layer.layer import Layer
from builder.operations.log_part import WHOLE, LogPart
from builder.operations.log_stream import LogReader
from builder.protocol.variables import NAME_VARIABLE

PAUSE = 1.0
"""Seconds between looks at a log that is followed."""


class Tail:
    """The log of one build, read bit by bit."""

    def __init__(self, layer: Layer, *, since: float = 0.0) -> None:
        self._group = layer.site.log_group
        self._reader = LogReader(layer.services.logs, since=since)

    def read(self, state: BuildState) -> tuple[list[str], bool]:
        """Return the lines since the last look, and whether there may be more at once."""
        # CodeBuild names the stream only once the build is provisioned.
        return self._reader.read(state.log_group or self._group, state.log_stream)


def builds_of(layer: Layer) -> dict[str, str]:
    """Return the builds that run, failed, or made the current release, by runtime.

    The build that makes the artifact is "": the only one of a layer with one target, else the one
    that merges the parts, and the last. Behind it is "push", the one that pushes an image.
    """
    record = layer.records.load()
    if record is None:
        return {}
    if record.attempt is not None and record.attempt.all_builds:
        return record.attempt.all_builds
    current = record.current
    if current is None:
        return {}
    push = {PUSH: current.push} if current.push else {}
    return {**current.builds, "": current.build_id, **push}


def last_build(layer: Layer) -> str:
    """Return the id of the last build that runs, failed, or made the current release, or ""."""
    return next(reversed(builds_of(layer).values()), "")


def last_failed_build(layer: Layer) -> str:
    """Return the id of the layer's last build that failed, "" if CodeBuild remembers none."""
    found = [build for build in recent_builds(layer) if build.failed]
    if layer.spec.image:
        found += [push for _, push in recent_pushes(layer) if push.failed]
    return max(found, key=lambda build: build.started).id if found else ""


def find_build_of(layer: Layer, *, build_id: str = "", failed: bool = False) -> BuildState:
    """Return a build of the layer: the one named, the last that failed, or the last one.

    An id may lack the project's name. Raise LayerError when there is no such build, or CodeBuild
    no longer knows it, or it is another layer's.
    """
    if build_id and ":" not in build_id:
        build_id = f"{layer.site.project}:{build_id}"
    wanted = build_id or (last_failed_build(layer) if failed else last_build(layer))
    state = layer.services.codebuild.state(wanted) if wanted else None
    if state is None:
        raise _no_build(layer, build_id, failed=failed)
    owner = state.variables.get(NAME_VARIABLE, layer.name)
    if owner != layer.name:
        raise LayerError(
            f"build {state.id} is of layer {owner!r}",
            where=f"CodeBuild project {layer.site.project}",
            expected=f"a build of layer {layer.name!r}",
            fix=f"lambda-layer logs {owner} --build {state.id}",
        )
    return state


def build_log(
    layer: Layer, state: BuildState, *, follow: bool, clock: Clock, part: LogPart = WHOLE
) -> Iterator[str]:
    """Yield the lines of a build's log; with ``follow``, until that build has ended."""
    return part.of(_build_log(layer, state, follow=follow, clock=clock, since=part.since))


def _build_log(
    layer: Layer, state: BuildState, *, follow: bool, clock: Clock, since: float
) -> Iterator[str | None]:
    tail = Tail(layer, since=since)
    running = state.running
    while True:
        lines, more = tail.read(state)
        yield from lines
        if more:
            continue
        if not follow or not running:
            return
        yield None
        clock.sleep(PAUSE)
        seen = layer.services.codebuild.state(state.id)
        running = seen is not None and seen.running
        state = seen or state


def _no_build(layer: Layer, build_id: str, *, failed: bool) -> LayerError:
    if build_id:
        return LayerError(
            f"CodeBuild does not know build {build_id}",
            where=f"CodeBuild project {layer.site.project}",
            expected="a build that CodeBuild still remembers",
            fix=f"the last one: lambda-layer logs {layer.name}",
        )
    if failed:
        return LayerError(
            f"no build of layer {layer.name!r} has failed",
            where=f"the last builds of CodeBuild project {layer.site.project}",
            expected="a failed build that CodeBuild still remembers",
            fix=f"the last build: lambda-layer logs {layer.name}",
        )
    return LayerError(
        f"layer {layer.name!r} has no build to show",
        where=f"its record in {layer.services.store.bucket}",
        expected="at least one build that CodeBuild still remembers",
        fix=f"build it: lambda-layer build {layer.name}",
    )


PATIENCE = 30.0
"""Seconds that a follower waits for the merge or the push to begin once all before it is made."""

MERGE = "merge"
BUILD = "build"
"""What stands before the lines of the build that is of no runtime, of a layer and of an image."""


def build_logs(layer: Layer, *, follow: bool, clock: Clock, part: LogPart = WHOLE) -> Iterator[str]:
    """Yield the lines of the last builds' logs; with ``follow``, until those builds have ended.

    The lines of several builds carry the runtime that they are for: one build after the other, or
    as they come when they are followed. Raise LayerError when there is no build yet, or CodeBuild
    no longer knows it.
    """
    return part.of(_build_logs(_Logs(layer, part.since), follow=follow, clock=clock))


def _build_logs(logs: _Logs, *, follow: bool, clock: Clock) -> Iterator[str | None]:
    logs.look()
    if not logs.found:
        find_build_of(logs.layer)
    if follow:
        yield from _followed(logs, clock)
        return
    for log in logs.found.values():
        yield from logs.lines(log)


def _followed(logs: _Logs, clock: Clock) -> Iterator[str | None]:
    idle_since: float | None = None
    while True:
        running = logs.running
        for log in list(logs.found.values()):
            yield from logs.lines(log)
        idle_since = None if running else (idle_since or clock.monotonic())
        if idle_since is not None:
            waited = clock.monotonic() - idle_since
            if not logs.next_is_due or waited > PATIENCE:
                return
        yield None
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

    def __init__(self, layer: Layer, since: float) -> None:
        self.layer = layer
        self.since = since
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
                self.found[build_id] = _Log(runtime, state, Tail(self.layer, since=self.since))
            self.found[build_id].state = state

    @property
    def running(self) -> bool:
        """Whether a build has not ended."""
        return any(log.state.running for log in self.found.values())

    @property
    def next_is_due(self) -> bool:
        """Whether all is made by now, and the build that merges or pushes it is still to come."""
        made = all(log.state.succeeded for log in self.found.values())
        if self.layer.spec.image:
            return made and PUSH not in self._builds
        several = len(self.layer.spec.targets) > 1
        return several and made and "" not in self._builds

    def lines(self, log: _Log) -> Iterator[str]:
        """Yield a log's next lines, with the runtime that they are for when there are several."""
        names = [target.runtime for target in self.layer.spec.targets]
        names += [PUSH] if self.layer.spec.image else []
        whole = BUILD if self.layer.spec.image else MERGE
        width = max(map(len, [whole, *names]))
        more = True
        while more:
            lines, more = log.tail.read(log.state)
            for line in lines:
                yield f"{log.runtime or whole:<{width}} | {line}" if len(names) > 1 else line
