"""Releases that finish without anybody: the publisher function takes over when a build ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from builder.builds.attempt_state import PATIENCE, _end, look
from builder.clock import Clock
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record, Release

PAUSE = 2.0
"""Seconds between looks at a release that is waited for."""


def wait_for_release(
    layer: Layer, *, timeout: float, progress: Callable[[str], None], clock: Clock
) -> Release:
    """Wait until the layer's open attempt has become a release, and return that; read-only.

    Return the current release when no attempt is open. Raise BuildFailed, with the last words of
    the build, when it has failed, and LayerError when nobody releases what was built.
    """
    deadline, told = clock.now() + timeout, ""
    while True:
        record = layer.records.load()
        attempt = record.attempt if record else None
        if attempt is None:
            return _current(layer, record)
        stage = _stage(layer, attempt, clock)
        if stage != told:
            told = stage
            progress(stage)
        if clock.now() >= deadline:
            raise _late(layer, attempt, stage, timeout)
        clock.sleep(PAUSE)


def _current(layer: Layer, record: Record | None) -> Release:
    if record is not None and record.current is not None:
        return record.current
    raise LayerError(
        f"layer {layer.name!r} has no release, and none is under way",
        where=layer.services.store.url(f"{layer.name}/record.json"),
        expected="a build that was started",
        fix=f"terraform apply, or: lambda-layer build {layer.name}",
    )


def _stage(layer: Layer, attempt: Attempt, clock: Clock) -> str:
    """Return how far the attempt is; raise when it will not come to a release by itself."""
    if not attempt.all_builds:
        return f"build {attempt.number} is being started"
    well, failed = look(layer, attempt.all_builds)
    running = [state.id for state in well.values() if state.running]
    ids = ", ".join(attempt.all_builds.values())
    if running:
        return f"build {', '.join(running)} runs"
    if failed:
        raise next(iter(failed.values()))
    if attempt.failure:
        raise BuildFailed(
            f"build {attempt.number} of layer {layer.name!r} failed: {attempt.failure}",
            where=f"build {ids}",
            expected="an artifact that can be published",
            fix="mend what the message says, then plan and apply again",
        )
    if datetime.fromtimestamp(clock.now(), UTC) - _end(well.values()) > PATIENCE:
        raise LayerError(
            f"build {attempt.number} of layer {layer.name!r} has ended and nobody released it",
            where=f"build {ids}; {PATIENCE.seconds // 60} minutes ago",
            expected="the publisher function (docs/async.md), or somebody, to publish it",
            fix="see the publisher's log, and release it yourself: "
            f"lambda-layer build {layer.name}",
        )
    return f"build {ids} has ended; it is being released"


def _late(layer: Layer, attempt: Attempt, stage: str, timeout: float) -> LayerError:
    return LayerError(
        f"layer {layer.name!r} was not released within {timeout / 60:g} minutes",
        where=f"build {attempt.number}: {stage}",
        expected="a release",
        fix=f"wait again (lambda-layer wait {layer.name}); its log: lambda-layer logs {layer.name}",
    )
