"""Wait for builds to end, and show how far they are."""

from __future__ import annotations

from collections.abc import Mapping

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import look
from builder.clock import Clock
from builder.errors import BuildFailed
from builder.layer.layer import Layer
from builder.progress import Progress, named

PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Seconds between looks at a running build; the last one repeats."""


def finish_builds(
    layer: Layer, builds: Mapping[str, str], *, progress: Progress, clock: Clock
) -> dict[str, BuildFailed]:
    """Wait until all builds have ended; return how those failed that did, by their keys.

    One that failed does not stop the others: what they make is not lost, and people get to know
    everything that they have to mend at once.
    """
    began, looks = clock.now(), 0
    phases: dict[str, str] = {}
    left, failed = dict(builds), dict[str, BuildFailed]()
    while left:
        well, now_failed = look(layer, left)
        for key, state in well.items():
            _tell(state, key, phases, progress)
            if state.running and clock.now() - began > state.limit_seconds + 600:
                now_failed[key] = _endless(state)
        for key, error in now_failed.items():
            _tell_failure(key, error, progress)
        failed |= now_failed
        left = {key: state.id for key, state in well.items() if state.running and key not in failed}
        if left:
            clock.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
    return failed


def _tell(state: BuildState, key: str, phases: dict[str, str], progress: Progress) -> None:
    if phases.get(key, "") != state.phase:
        phases[key] = state.phase
        phase = state.phase.lower().replace("_", " ")
        named([key], progress)[key](f"build {state.id}: {phase}")


def _tell_failure(key: str, error: BuildFailed, progress: Progress) -> None:
    if key:
        named([key], progress)[key](error.what.splitlines()[0])


def _endless(state: BuildState) -> BuildFailed:
    return BuildFailed(
        f"build {state.id} has not ended within its own time limit",
        where=f"phase {state.phase}",
        expected=f"an end within {state.limit_seconds / 60:.0f} minutes",
        fix=f"stop it: aws codebuild stop-build --id {state.id}; then apply again",
    )
