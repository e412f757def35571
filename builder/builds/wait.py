"""Wait for builds to end, and show how far they are."""

from __future__ import annotations

from collections.abc import Mapping

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import known_states
from builder.builds.failure import build_failure
from builder.clock import Clock
from builder.errors import BuildFailed, NotNow
from builder.layer.layer import Layer
from builder.progress import Progress, named

PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 5.0, 7.0, 10.0)
"""Seconds between looks at a running build; the last one repeats."""

LONGEST_PAUSE = 30.0
"""Seconds between looks while AWS refuses to answer."""


def look_at(
    layer: Layer, builds: Mapping[str, str], clock: Clock
) -> tuple[dict[str, BuildState], dict[str, BuildFailed]]:
    """Return which of some builds run or have succeeded, and how the others failed, by their keys.

    The errors carry the last words of their builds.
    """
    states = known_states(layer, builds.values(), clock)
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
) -> dict[str, BuildFailed]:
    """Wait until all builds have ended; return how those failed that did, by their keys.

    One that failed does not stop the others: what they make is not lost, and all that has to be
    corrected is reported together.
    """
    began = answered = clock.monotonic()
    looks = 0
    phases: dict[str, str] = {}
    left, failed = dict(builds), dict[str, BuildFailed]()
    while left:
        try:
            well, now_failed = look_at(layer, left, clock)
        except NotNow as refused:
            # A build goes on whether we may look or not.
            if clock.monotonic() - answered > refused.longest:
                raise
            progress(f"AWS refuses to say how the build is ({refused.what}); asking again")
            clock.sleep(clock.jitter(LONGEST_PAUSE / 2, LONGEST_PAUSE))
            continue
        answered = clock.monotonic()
        for key, state in well.items():
            _show_phase(state, key, phases, progress)
            if state.running and answered - began > state.limit_seconds + 600:
                now_failed[key] = _endless(state)
        for key, error in now_failed.items():
            _show_failure(key, error, progress)
        failed |= now_failed
        left = {key: state.id for key, state in well.items() if state.running and key not in failed}
        if left:
            clock.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
    return failed


def _show_phase(state: BuildState, key: str, phases: dict[str, str], progress: Progress) -> None:
    if phases.get(key, "") != state.phase:
        phases[key] = state.phase
        phase = state.phase.lower().replace("_", " ")
        named([key], progress)[key](f"build {state.id}: {phase}")


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
