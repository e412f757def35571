"""How an attempt's builds are doing, and whether it may be tried again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from builder.aws.codebuild import BuildState
from builder.clock import Clock
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.protocol.statuses import BUILDING, FAILED, PUBLISHING
from builder.protocol.variables import TARGET_VARIABLE

PATIENCE = timedelta(minutes=15)
"""How long after its build a release may take; a Lambda function runs for 15 minutes at most."""

NOT_RELEASED = "it is built, and was not released; the next apply does that, and builds nothing"

UNKNOWN_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between looks for a build that CodeBuild does not know, or does not know yet."""


class Condition(Enum):
    """How an attempt is, by its builds and what the record says of it."""

    STARTING = auto()
    """No build of it is known yet."""

    RUNNING = auto()
    """A build of it runs; while others run, nothing has failed for good."""

    FAILED = auto()
    """The record says so, or a build has failed and none runs."""

    FORGOTTEN = auto()
    """CodeBuild does not know a build of it, and none runs or has failed."""

    BUILT = auto()
    """Its builds have succeeded, and its release is about to come."""

    ABANDONED = auto()
    """Its builds have succeeded, and its release should have come long ago."""


@dataclass(frozen=True)
class AttemptState:
    """An attempt with what CodeBuild says of its builds.

    ``failures`` has by runtime ("" for the artifact itself) why builds have failed, also while
    others run. ``builds`` are those that CodeBuild knows.
    """

    attempt: Attempt
    condition: Condition
    builds: tuple[BuildState, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        """Whether it will become a release by itself (async mode); if not, it may be retried."""
        return self.condition in {Condition.RUNNING, Condition.BUILT}

    @property
    def failed(self) -> bool:
        """Whether it cannot become a release any more."""
        return self.condition in {Condition.FAILED, Condition.FORGOTTEN}

    @property
    def stage(self) -> str:
        """How far it is, in a word of `lambda-layer status` and `watch`."""
        match self.condition:
            case Condition.STARTING | Condition.RUNNING:
                return BUILDING
            case Condition.BUILT:
                return PUBLISHING
            case Condition.FAILED | Condition.FORGOTTEN | Condition.ABANDONED:
                return FAILED

    @property
    def failure(self) -> str:
        """Why it has failed or will not be released by itself, "" if neither is so."""
        if self.condition is Condition.ABANDONED:
            return NOT_RELEASED
        if not self.failed:
            return ""
        return self.attempt.failure or self.failure_of_builds

    @property
    def failure_of_builds(self) -> str:
        """Why builds of it have failed, as CodeBuild says, "" when none has."""
        return _joined(self.failures)

    @property
    def running(self) -> tuple[BuildState, ...]:
        """The builds that have not ended."""
        return tuple(state for state in self.builds if state.running)

    @property
    def leading(self) -> BuildState | None:
        """The build that says most of how it is: one that runs, else one that failed."""
        failed = [state for state in self.builds if state.failed]
        return next(iter([*self.running, *failed, *self.builds]), None)

    def noted(self) -> Attempt:
        """Return the attempt with its builds' failures in it, so that none of them is joined."""
        if self.attempt.failure or not self.failures:
            return self.attempt
        return replace(self.attempt, failure=self.failure_of_builds, failed=tuple(self.failures))


def state_of(
    attempt: Attempt, builds: Iterable[BuildState], *, now: datetime | None = None
) -> AttemptState:
    """Judge an attempt by what CodeBuild says of its builds; ``now`` is aware."""
    known = tuple(builds)
    failures = _failures(attempt, known)
    condition = _condition(attempt, known, failures, now or datetime.now(UTC))
    return AttemptState(attempt, condition, known, failures)


def attempt_state(
    layer: Layer, attempt: Attempt, *, now: datetime | None = None, clock: Clock | None = None
) -> AttemptState:
    """Ask CodeBuild how the builds of an attempt are, and judge it.

    With a ``clock`` builds that are not known yet are waited for.
    """
    ids = attempt.all_builds.values()
    if clock is None:
        return state_of(attempt, layer.services.codebuild.states(ids), now=now)
    return state_of(attempt, known_states(layer, ids, clock).values(), now=now)


def known_states(
    layer: Layer, builds: Iterable[str], clock: Clock, *, age: float | None = None
) -> dict[str, BuildState]:
    """Return how some builds are, by their ids; without those that CodeBuild has forgotten.

    A build that was just started may be unknown for a moment: half a minute is waited for it. With
    ``age`` an answer that another process of this machine got so many seconds ago will do.
    """
    wanted = set(builds)
    codebuild, found = layer.services.codebuild, dict[str, BuildState]()
    for pause in (*UNKNOWN_PAUSES, 0.0):
        missing = wanted - set(found)
        states = (
            codebuild.states(missing) if age is None else codebuild.watched(missing, age, clock)
        )
        found |= {state.id: state for state in states}
        age = None if age is None else 0.0
        if wanted <= set(found) or not pause:
            break
        clock.sleep(pause)
    return found


def ongoing_attempt(
    layer: Layer, record: Record | None, *, now: datetime | None = None
) -> Attempt | None:
    """Return the open attempt at these sources if it will finish by itself; read-only."""
    attempt = record.attempt if record else None
    if attempt is None or not attempt.is_open or attempt.fingerprint != layer.fingerprint:
        return None
    return attempt if attempt_state(layer, attempt, now=now).goes_on else None


def _condition(
    attempt: Attempt, builds: tuple[BuildState, ...], failures: Mapping[str, str], now: datetime
) -> Condition:
    if attempt.failure:
        return Condition.FAILED
    if any(state.running for state in builds):
        return Condition.RUNNING
    if any(state.failed for state in builds):
        return Condition.FAILED
    if failures:
        return Condition.FORGOTTEN
    if not builds:
        return Condition.STARTING
    return Condition.BUILT if now - _built(attempt, builds) < PATIENCE else Condition.ABANDONED


def _built(attempt: Attempt, builds: tuple[BuildState, ...]) -> datetime:
    """Return since when only the release is missing: an attempt may go on with older builds."""
    ended = max(state.ended for state in builds)
    try:
        return max(ended, datetime.fromisoformat(attempt.started_at))
    except (ValueError, TypeError):  # not a time, or one without a zone
        return ended


def _failures(attempt: Attempt, builds: tuple[BuildState, ...]) -> dict[str, str]:
    """Return by runtime why builds have failed, also those that the attempt does not know of."""
    known = {state.id: state for state in builds}
    failures = {}
    for runtime, build_id in attempt.all_builds.items():
        state = known.pop(build_id, None)
        if state is None:
            failures[runtime] = f"CodeBuild does not know build {build_id}"
        elif state.failed:
            failures[runtime] = state.why
    for state in known.values():
        if state.failed:
            failures.setdefault(state.variables.get(TARGET_VARIABLE, ""), state.why)
    return failures


def _joined(failures: Mapping[str, str]) -> str:
    return "; ".join(f"{runtime}: {why}" if runtime else why for runtime, why in failures.items())
