"""What a layer needs: the read-only half, which may run at any time."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import AttemptState, Condition, ongoing_attempt, state_of
from builder.inputs.fingerprint import Inputs, reason, shortened
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Pin, Record, Release
from builder.layer.token import Token
from builder.protocol.statuses import (
    BUILDING,
    CURRENT,
    FAILED,
    FORCED,
    MISSING,
    PINNED,
    STALE,
    UNMOVED,
    UNSHARED,
)

log = logging.getLogger(__name__)


FORCE_REASON = "force_rebuild is true"


@dataclass(frozen=True)
class Evidence:
    """What AWS says beside the record: is what it remembers still so?"""

    version_alive: bool = False
    artifact_present: bool = False
    builds: tuple[BuildState, ...] = ()
    released_inputs: Inputs | None = None


@dataclass(frozen=True)
class Plan:
    """What a layer needs and why. ``release`` is the last good one, whatever the status.

    ``functions`` names those that were left behind when that release was published.
    """

    token: Token
    status: str
    reason: str
    release: Release | None
    functions: str = ""


def plan(layer: Layer, *, force: bool = False, pins: bool = True, waits: bool = True) -> Plan:
    """Say what a layer needs; read and never write. Without ``pins``, what it needs once unpinned.

    In async mode (``waits`` is false) a build that runs is released by itself: its token stays.

    Raise SourceError when the sources cannot be used. That something is not there yet (bucket,
    record, project) is no error.
    """
    record = layer.records.load()
    pin = pin_of(layer, record) if pins else None
    if not waits and not force and pin is None and record is not None:
        attempt = ongoing_attempt(layer, record)
        if attempt is not None:
            behind = record.left_behind()
            return Plan(attempt.token, BUILDING, attempt.reason, record.current, behind)
    evidence = gather(layer, record)
    status, why = decide(layer, record, evidence, force=force and pin is None)
    # What is current keeps the token of its release, whatever was approved.
    approved = None if status == CURRENT and pin is None else layer.approved()
    if status == MISSING and record is None and approved is not None:
        why = f"the record {layer.records.url} is gone"
    token = next_token(layer.fingerprint, status, record, approved)
    log.debug("%s: %s", layer.name, evidence)
    log.debug("%s: %s, token %s: %s", layer.name, status, token, why)
    if record is None:
        return Plan(token, status, why, None)
    due = Plan(token, status, why, record.current, record.left_behind())
    if record.pinned is None or not pins:
        return due
    if pin is None:
        gone = f"the pinned {record.pinned.release.layer_arn} was deleted"
        return replace(due, reason=f"{gone}; {why}")
    return _held(due, pin, approved, force=force)


def _held(due: Plan, pin: Pin, approved: Token | None, *, force: bool) -> Plan:
    """Return the plan of a pinned layer: nothing is to be approved, so the token stays."""
    current = due.release
    if due.status == CURRENT and current is not None:
        then = f"version {current.version} is current"
    else:
        then = f"{due.status}: {due.reason}"
    token = approved or (current.token if current else due.token)
    return Plan(token, PINNED, pinned_reason(pin, then, force=force), pin.release)


def gather(layer: Layer, record: Record | None) -> Evidence:
    """Ask AWS only what the decision will depend on."""
    if record is None:
        return Evidence()
    current, attempt = record.current, record.attempt
    if current is not None and current.fingerprint == layer.fingerprint:
        return Evidence(
            version_alive=layer.services.layers.exists(current.layer_arn),
            artifact_present=all(
                layer.services.store.head(key(layer.fingerprint))
                for key in (layer.keys.verified.manifest, layer.keys.verified.archive)
            ),
        )
    return Evidence(
        builds=_builds(layer, attempt),
        released_inputs=layer.recorded_inputs(current.fingerprint) if current else None,
    )


def _builds(layer: Layer, attempt: Attempt | None) -> tuple[BuildState, ...]:
    if attempt is None or not attempt.is_open or attempt.fingerprint != layer.fingerprint:
        return ()
    return tuple(layer.services.codebuild.states(attempt.all_builds.values()))


def decide(
    layer: Layer, record: Record | None, evidence: Evidence, *, force: bool
) -> tuple[str, str]:
    """Return the status of a layer and the reason for it."""
    current = record.current if record else None
    if record and current is not None and current.fingerprint == layer.fingerprint:
        if force:
            return FORCED, FORCE_REASON
        return _published(layer, record, current, evidence)
    why = _why(layer, current, evidence)
    if force:
        return FORCED, f"{FORCE_REASON}; {why}"
    attempt = record.attempt if record else None
    if attempt is None or attempt.fingerprint != layer.fingerprint:
        return (STALE if current else MISSING), why
    return _attempted(state_of(attempt, evidence.builds), why, STALE if current else MISSING)


def _published(
    layer: Layer, record: Record, current: Release, evidence: Evidence
) -> tuple[str, str]:
    if not evidence.version_alive:
        return MISSING, f"{current.layer_arn} was deleted"
    if not evidence.artifact_present:
        gone = layer.services.store.url(f"{layer.keys.verified.artifact(layer.fingerprint)}/")
        return MISSING, f"the artifact in {gone} is gone"
    owed = record.owed(layer.spec.functions)
    if owed:
        return UNMOVED, f"published as version {current.version}; {owed}"
    unshared = record.unshared(layer.spec.share, layer.spec.parameter)
    if unshared:
        return UNSHARED, f"published as version {current.version}; {unshared}"
    return CURRENT, record.reason


def _why(layer: Layer, current: Release | None, evidence: Evidence) -> str:
    if current is None:
        return "first build"
    if evidence.released_inputs is None:
        return "the inputs changed (what they were at the last release is not known)"
    return reason(evidence.released_inputs, layer.inputs)


def _attempted(state: AttemptState, why: str, otherwise: str) -> tuple[str, str]:
    attempt = state.attempt
    match state.condition:
        case Condition.RUNNING:
            return BUILDING, attempt.reason
        case Condition.FAILED | Condition.FORGOTTEN:
            how = f"build {attempt.number} failed ({state.failure}) and is to be tried again"
            return FAILED, shortened(f"{why}; {how}")
        case Condition.STARTING | Condition.BUILT | Condition.ABANDONED:
            return otherwise, why


def next_token(
    fingerprint: str, status: str, record: Record | None, approved: Token | None
) -> Token:
    """Return the token to approve: the recorded one while it holds, else one with a new number."""
    if status == CURRENT and record is not None and record.current is not None:
        return record.current.token
    consumed = record.consumed if record else 0
    return Token(fingerprint, max(consumed, approved.number if approved else 0) + 1)


def pinned_reason(pin: Pin, due: str, *, force: bool) -> str:
    """Say who pinned a layer, and what is due once it is unpinned."""
    ignored = "; force_rebuild is ignored until then" if force else ""
    return f"{pin}; once unpinned: {due}{ignored}"
