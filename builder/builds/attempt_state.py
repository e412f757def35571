"""How an attempt's builds are doing, and whether it may be tried again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from builder.aws.codebuild import BuildState
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.protocol.variables import (
    MERGE_VARIABLE,
    TARGET_VARIABLE,
)

LOG_LINES = 25
"""Lines of a failed build's log that its error shows."""


def look(
    layer: Layer, builds: Mapping[str, str]
) -> tuple[dict[str, BuildState], dict[str, BuildFailed]]:
    """Return which of some builds run or have succeeded, and how the others failed, by their keys.

    The errors carry the last words of their builds.
    """
    states = {state.id: state for state in layer.services.codebuild.states(builds.values())}
    well: dict[str, BuildState] = {}
    failed: dict[str, BuildFailed] = {}
    for key, build_id in builds.items():
        state = states.get(build_id)
        if state is None:
            failed[key] = _unknown(build_id, layer)
        elif state.running or state.succeeded:
            well[key] = state
        else:
            failed[key] = _failed(layer, state)
    return well, failed


def most_telling(layer: Layer, builds: Iterable[str]) -> BuildState | None:
    """Return the one of an attempt's builds that tells most of it, None when there is none."""
    states = layer.services.codebuild.states(builds)
    running = [state for state in states if state.running]
    failed = [state for state in states if not state.running and not state.succeeded]
    # While others run, nothing has failed for good.
    return next(iter([*running, *failed, *states]), None)


def _failed(layer: Layer, state: BuildState) -> BuildFailed:
    group = state.log_group or layer.site.log_group
    last_words = "\n".join(f"  | {line}" for line in _last_lines(layer, group, state.log_stream))
    return BuildFailed(
        f"{_subject(layer, state)} failed: {state.failure or state.status}\n{last_words}",
        where=f"build {state.id}\nlog group {group}, stream {state.log_stream or '(none yet)'}",
        expected="a build that ends with SUCCEEDED",
        fix="mend what the log says, then plan and apply again; the whole log:\n"
        f"lambda-layer logs {layer.name}",
    )


def _subject(layer: Layer, state: BuildState) -> str:
    runtime = state.variables.get(TARGET_VARIABLE, "")
    if runtime:
        return f"the build of layer {layer.name!r} for {runtime}"
    job = "merge" if state.variables.get(MERGE_VARIABLE) else "build"
    return f"the {job} of layer {layer.name!r}"


def _last_lines(layer: Layer, group: str, stream: str) -> list[str]:
    if not stream:
        return ["(it failed before it had a log)"]
    try:
        return layer.services.logs.tail(group, stream, LOG_LINES) or ["(its log is empty)"]
    except LayerError as error:
        # That the log cannot be read must not hide that the build failed.
        return [f"(its log cannot be read: {error.what})"]


def _unknown(build_id: str, layer: Layer) -> BuildFailed:
    return BuildFailed(
        f"CodeBuild does not know build {build_id}",
        where=f"project {layer.site.project}",
        expected="the build that the record names",
        fix="apply again: a new build is started",
    )


PATIENCE = timedelta(minutes=15)
"""How long after its build a release may take; a Lambda function runs for 15 minutes at most."""


def unattended(
    layer: Layer, record: Record | None, *, now: datetime | None = None
) -> Attempt | None:
    """Return the attempt at these sources if it needs nobody: a build of it runs, or its release
    is about to come. Read-only, as plan is.
    """
    attempt = record.attempt if record else None
    if attempt is None or attempt.failure or attempt.fingerprint != layer.fingerprint:
        return None
    states = layer.services.codebuild.states(attempt.all_builds.values())
    return attempt if _is_going_on(states, now or datetime.now(UTC)) else None


def _is_going_on(states: Sequence[BuildState], now: datetime) -> bool:
    if any(state.running for state in states):
        return True
    ended_well = bool(states) and all(state.succeeded for state in states)
    return ended_well and now - _end(states) < PATIENCE


def _end(states: Iterable[BuildState]) -> datetime:
    """Return when the last of some builds has ended."""
    return max(state.started + timedelta(seconds=state.seconds) for state in states)
