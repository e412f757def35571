"""The log of a layer's last build, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from builder.aws.codebuild import BuildState
from builder.clock import Clock
from builder.errors import LayerError
from builder.layer import Layer

PAUSE = 1.0
"""Seconds between looks at a log that is followed."""


def last_build(layer: Layer) -> str:
    """Return the id of the build that runs, failed, or made the current release; "" if none."""
    record = layer.records.load()
    if record is None:
        return ""
    if record.attempt is not None and record.attempt.build_id:
        return record.attempt.build_id
    return record.current.build_id if record.current else ""


def build_log(layer: Layer, *, follow: bool, clock: Clock) -> Iterator[str]:
    """Yield the lines of the last build's log; with ``follow``, until that build has ended.

    Raise LayerError when there is no build yet, or CodeBuild no longer knows it.
    """
    build_id = last_build(layer)
    state = layer.services.codebuild.state(build_id) if build_id else None
    if state is None:
        raise LayerError(
            f"layer {layer.name!r} has no build to show",
            where=f"its record in {layer.services.store.bucket}",
            expected="at least one build that CodeBuild still remembers",
            fix=f"build it: lambda-layer build {layer.name}",
        )
    yield from _lines(layer, state, follow=follow, clock=clock)


def _lines(layer: Layer, state: BuildState, *, follow: bool, clock: Clock) -> Iterator[str]:
    position: str | None = None
    running = state.running
    while True:
        # CodeBuild names the stream only once the build is provisioned.
        group, stream = state.log_group or layer.site.log_group, state.log_stream
        lines, after = (
            layer.services.logs.follow(group, stream, position) if stream else ([], position)
        )
        yield from lines
        if after != position:
            # Also after an empty page: at the end of a stream the position stays the same
            # (CloudWatch Logs API reference, GetLogEvents).
            position = after
            continue
        if not follow or not running:
            return
        clock.sleep(PAUSE)
        seen = layer.services.codebuild.state(state.id)
        running = seen is not None and seen.running
        state = seen or state
