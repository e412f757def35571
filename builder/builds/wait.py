"""Wait for builds to end, and show how far they are."""

from __future__ import annotations

from collections.abc import Mapping

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import known_states
from builder.builds.failure import build_failure
from builder.clock import Clock
from builder.errors import BuildFailed, NotNow, Unreachable
from builder.layer.layer import Layer
from builder.progress import Progress, named

PAUSES = (0.5, 1.0, 1.0, 1.5, 1.5, *(2.0,) * 5, *(3.0,) * 5, 5.0, 5.0, 7.0, 10.0)
"""Seconds between looks at a build since its phase has changed; the last one repeats.

A phase of half a minute is seen to have ended within three seconds.
"""

PROVISIONING_PAUSE = 4.0
"""The longest pause while a machine is prepared: what follows may take seconds."""

PROVISIONING = "PROVISIONING"

SHARE = 0.5
"""How much of a pause an answer may be old that another process got."""

LONGEST_PAUSE = 30.0
"""Seconds between looks while AWS refuses to answer or cannot be reached."""

SILENCE = 30.0
"""Seconds after which it is said again how a build is, though nothing has changed."""


def look_at(
    layer: Layer, builds: Mapping[str, str], clock: Clock, *, age: float | None = None
) -> tuple[dict[str, BuildState], dict[str, BuildFailed]]:
    """Return which of some builds run or have succeeded, and how the others failed, by their keys.

    The errors carry the last words of their builds. ``age`` is as in ``known_states``.
    """
    states = known_states(layer, builds.values(), clock, age=age)
    well: dict[str, BuildState] = {}
    failed: dict[str, BuildFailed] = {}
    for key, build_id in builds.items():
        state = states.get(build_id)
        if state is None or state.failed:
            failed[key] = build_failure(layer, build_id, state)
        else:
            well[key] = state
    return well, failed


def finish_builds(
    layer: Layer, builds: Mapping[str, str], *, progress: Progress, clock: Clock
) -> tuple[dict[str, BuildState], dict[str, BuildFailed]]:
    """Wait until all builds have ended; return which succeeded, and how the others failed.

    Both are by their keys. One that failed does not stop the others: what they make is not lost,
    and all that has to be corrected is reported together.
    """
    began = answered = clock.monotonic()
    looks, said, pause = 0, began, 0.0
    phases: dict[str, str] = {}
    left, succeeded, failed = dict(builds), dict[str, BuildState](), dict[str, BuildFailed]()
    while left:
        try:
            well, now_failed = look_at(layer, left, clock, age=pause * SHARE)
        except (NotNow, Unreachable) as trouble:
            # A build goes on whether we can look or not.
            if clock.monotonic() - answered > trouble.longest:
                raise
            progress(f"how the build is cannot be asked now ({trouble.what}); asking again")
            clock.sleep(clock.jitter(LONGEST_PAUSE / 2, LONGEST_PAUSE))
            continue
        answered = clock.monotonic()
        looks = 0 if _is_further(well, phases) else looks
        is_long = answered - said >= SILENCE
        for key, state in well.items():
            if _show_phase(state, key, phases, progress, again=is_long):
                said = answered
            if state.running and answered - began > state.limit_seconds + 600:
                now_failed[key] = _endless(state)
        for key, error in now_failed.items():
            _show_failure(key, error, progress)
        failed |= now_failed
        succeeded |= {key: state for key, state in well.items() if state.succeeded}
        left = {key: state.id for key, state in well.items() if state.running and key not in failed}
        if left:
            pause = _pause(well, looks)
            clock.sleep(pause)
            looks += 1
    return succeeded, failed


def _is_further(well: Mapping[str, BuildState], phases: Mapping[str, str]) -> bool:
    """Whether a build is in another phase than when it was looked at before."""
    return any(phases.get(key, "") != state.phase for key, state in well.items())


def _pause(well: Mapping[str, BuildState], looks: int) -> float:
    """Return the seconds until the next look, after so many in the builds' phases."""
    prepares = any(state.phase == PROVISIONING for state in well.values())
    longest = PROVISIONING_PAUSE if prepares else PAUSES[-1]
    return min(longest, PAUSES[min(looks, len(PAUSES) - 1)])


def _show_phase(
    state: BuildState, key: str, phases: dict[str, str], progress: Progress, *, again: bool
) -> bool:
    """Say the phase of a build if it is a new one, or ``again``; return whether it was said."""
    is_new = phases.get(key, "") != state.phase
    if not is_new and not (again and state.running):
        return False
    phases[key] = state.phase
    phase = state.phase.lower().replace("_", " ")
    since = "" if is_new else f", {state.seconds:.0f} s since its start"
    named([key], progress)[key](f"build {state.id}: {phase}{since}")
    return True


def _show_failure(key: str, error: BuildFailed, progress: Progress) -> None:
    if key:
        named([key], progress)[key](error.what.splitlines()[0])


def _endless(state: BuildState) -> BuildFailed:
    return BuildFailed(
        f"build {state.id} has not ended within its own time limit",
        where=f"phase {state.phase}",
        expected=f"an end within {state.limit_seconds / 60:.0f} minutes",
        fix=f"stop it: aws codebuild stop-build --id {state.id}; then apply again",
    )
