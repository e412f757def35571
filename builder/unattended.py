"""Releases that finish without anybody: the publisher function takes over when a build ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from builder.aws.codebuild import BuildState
from builder.build import has_ended
from builder.clock import Clock
from builder.errors import BuildFailed, LayerError
from builder.layer import Layer
from builder.record import Attempt, Record, Release

PATIENCE = timedelta(minutes=15)
"""How long after its build a release may take; a Lambda function runs for 15 minutes at most."""

PAUSE = 2.0
"""Seconds between looks at a release that is waited for."""


def unattended(layer: Layer, record: Record | None, *, now: datetime | None = None) -> str:
    """Return the id of a build of these sources that needs nobody, or "".

    It runs, or its release is about to come. Read-only, as plan is.
    """
    attempt = record.attempt if record else None
    if attempt is None or attempt.failure or not attempt.build_id:
        return ""
    if attempt.fingerprint != layer.fingerprint:
        return ""
    state = layer.services.codebuild.state(attempt.build_id)
    return attempt.build_id if state and _is_going_on(state, now or datetime.now(UTC)) else ""


def _is_going_on(state: BuildState, now: datetime) -> bool:
    return state.running or (state.succeeded and now - _end(state) < PATIENCE)


def _end(state: BuildState) -> datetime:
    return state.started + timedelta(seconds=state.seconds)


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
    if not attempt.build_id:
        return f"build {attempt.number} is being started"
    if not has_ended(layer, attempt.build_id):
        return f"build {attempt.build_id} runs"
    if attempt.failure:
        raise BuildFailed(
            f"build {attempt.number} of layer {layer.name!r} failed: {attempt.failure}",
            where=f"build {attempt.build_id}",
            expected="an artifact that can be published",
            fix="mend what the message says, then plan and apply again",
        )
    state = layer.services.codebuild.state(attempt.build_id)
    if state and datetime.fromtimestamp(clock.now(), UTC) - _end(state) > PATIENCE:
        raise LayerError(
            f"build {attempt.number} of layer {layer.name!r} has ended and nobody released it",
            where=f"build {attempt.build_id}; {PATIENCE.seconds // 60} minutes ago",
            expected="the publisher function (docs/async.md), or somebody, to publish it",
            fix="see the publisher's log, and release it yourself: "
            f"lambda-layer build {layer.name}",
        )
    return f"build {attempt.build_id} has ended; it is being released"


def _late(layer: Layer, attempt: Attempt, stage: str, timeout: float) -> LayerError:
    return LayerError(
        f"layer {layer.name!r} was not released within {timeout / 60:g} minutes",
        where=f"build {attempt.number}: {stage}",
        expected="a release",
        fix=f"wait again (lambda-layer wait {layer.name}); its log: lambda-layer logs {layer.name}",
    )
