"""Wait for a release that the publisher function, or another process, finishes."""

from __future__ import annotations

from datetime import UTC, datetime

from builder.builds.attempt_state import PATIENCE, Condition, attempt_state
from builder.builds.wait import look_at
from builder.clock import Clock
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.progress import Progress

PAUSE = 2.0
"""Seconds between looks at a release that is waited for."""


def wait_for_release(layer: Layer, *, timeout: float, progress: Progress, clock: Clock) -> Release:
    """Wait until the layer's open attempt has become a release, and return that; read-only.

    Return the current release when no attempt is open. Raise BuildFailed, with the last words of
    the build, when it has failed, and LayerError when what was built is not released.
    """
    deadline, shown = clock.monotonic() + timeout, ""
    while True:
        record = layer.records.load()
        attempt = record.attempt if record else None
        if attempt is None:
            return _current(layer, record)
        stage = _stage(layer, attempt, clock)
        if stage != shown:
            shown = stage
            progress(stage)
        if clock.monotonic() >= deadline:
            raise _late(layer, attempt, stage, timeout)
        clock.sleep(PAUSE)


def _current(layer: Layer, record: Record | None) -> Release:
    if record is not None and record.current is not None:
        return record.current
    raise LayerError(
        f"layer {layer.name!r} has no release, and none is under way",
        where=layer.records.url,
        expected="a build that was started",
        fix=f"terraform apply, or: lambda-layer build {layer.name}",
    )


def _stage(layer: Layer, attempt: Attempt, clock: Clock) -> str:
    """Return how far the attempt is; raise when it will not come to a release by itself."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    state = attempt_state(layer, attempt, now=now, clock=clock)
    ids = ", ".join(attempt.all_builds.values())
    match state.condition:
        case Condition.STARTING:
            return f"build {attempt.number} is being started"
        case Condition.RUNNING:
            return f"build {', '.join(build.id for build in state.running)} runs"
        case Condition.FAILED | Condition.FORGOTTEN:
            raise _failed(layer, attempt, clock)
        case Condition.BUILT:
            return f"build {ids} has ended; it is being released"
        case Condition.ABANDONED:
            raise LayerError(
                f"build {attempt.number} of layer {layer.name!r} has ended and was not released",
                where=f"build {ids}; {PATIENCE.seconds // 60} minutes ago",
                expected="the publisher function (docs/async.md), or an apply, to publish it",
                fix="see the publisher's log, and release it yourself: "
                f"lambda-layer build {layer.name}",
            )


def _failed(layer: Layer, attempt: Attempt, clock: Clock) -> BuildFailed:
    """Return the error of a build that failed, else the failure that the record has."""
    _, failed = look_at(layer, attempt.all_builds, clock)
    noted = BuildFailed(
        f"build {attempt.number} of layer {layer.name!r} failed: {attempt.failure}",
        where=f"build {', '.join(attempt.all_builds.values())}",
        expected="an artifact that can be published",
        fix="correct what the message says, then plan and apply again",
    )
    return next(iter(failed.values()), noted)


def _late(layer: Layer, attempt: Attempt, stage: str, timeout: float) -> LayerError:
    return LayerError(
        f"layer {layer.name!r} was not released within {timeout / 60:g} minutes",
        where=f"build {attempt.number}: {stage}",
        expected="a release",
        fix=f"wait again (lambda-layer wait {layer.name}); its log: lambda-layer logs {layer.name}",
    )
