"""The log of a layer's builds, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from builder.aws.codebuild import BuildState
from builder.builds.start import NAME_VARIABLE
from builder.clock import Clock
from builder.errors import LayerError
from builder.layer.layer import Layer

PAUSE = 1.0
"""Seconds between looks at a log that is followed."""


class Tail:
    """The log of one build, read bit by bit."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._position: str | None = None

    def read(self, state: BuildState) -> tuple[list[str], bool]:
        """Return the lines since the last look, and whether there may be more at once."""
        # CodeBuild names the stream only once the build is provisioned.
        group, stream = state.log_group or self._layer.site.log_group, state.log_stream
        if not stream:
            return [], False
        lines, after = self._layer.services.logs.follow(group, stream, self._position)
        # Also after an empty page: at the end of a stream the position stays the same
        # (CloudWatch Logs API reference, GetLogEvents).
        more = after != self._position
        self._position = after
        return lines, more


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


def last_failed_build(layer: Layer) -> str:
    """Return the id of the layer's last build that failed, "" if CodeBuild remembers none."""
    for build in layer.services.codebuild.recent():
        is_ours = build.variables.get(NAME_VARIABLE) == layer.name
        if is_ours and not build.running and not build.succeeded:
            return build.id
    return ""


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


def build_log(layer: Layer, state: BuildState, *, follow: bool, clock: Clock) -> Iterator[str]:
    """Yield the lines of a build's log; with ``follow``, until that build has ended."""
    tail = Tail(layer)
    running = state.running
    while True:
        lines, more = tail.read(state)
        yield from lines
        if more:
            continue
        if not follow or not running:
            return
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
