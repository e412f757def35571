"""The error of a build that failed, with the end of its log."""

from __future__ import annotations

from builder.aws.codebuild import BuildState, is_role_trouble
from builder.builds.compute import another_may_do
from builder.builds.last_words import last_words
from builder.errors import BuildFailed, BuildNotProvisioned, LayerError
from builder.layer.layer import Layer
from builder.protocol.variables import MERGE_VARIABLE, PUSH_VARIABLE, TARGET_VARIABLE
from builder.spec.compute import LAMBDA_MINUTES, is_lambda, kind_of

LOG_LINES = 25
"""Lines of a failed build's log that its error shows."""

LINES_SEARCHED = 100
"""Lines at the end of a log in which the worker's own error is looked for."""


def build_failure(layer: Layer, build_id: str, state: BuildState | None) -> BuildFailed:
    """Return the error of a failed build; ``state`` is None when CodeBuild does not know it."""
    if state is None:
        return _unknown(layer, build_id)
    group = state.log_group or layer.site.log_group
    lines = _last_lines(layer, group, state.log_stream)
    said = last_words(lines)
    kind = BuildNotProvisioned if is_role_trouble(state.why) else BuildFailed
    ending = _ending(state)
    cause = said.what if said else ending[0] or state.why
    shown = "\n".join(f"  | {line}" for line in lines[-LOG_LINES:])
    ended = f" ({state.why})" if said or ending[0] else ""
    advice = said.fix if said and said.fix else ending[1] or "correct what the log says"
    return kind(
        f"{_subject(layer, state)} failed: {cause}\n{shown}",
        cause=f"{_part(state)}{cause}",
        elsewhere="" if kind is BuildNotProvisioned else another_may_do(state, said),
        kind=kind_of(state.image, state.environment_type),
        where=f"build {state.id}{ended}\n"
        f"log group {group}, stream {state.log_stream or '(none yet)'}",
        expected="a build that ends with SUCCEEDED",
        fix=f"{advice}, then plan and apply again; the whole log:\n"
        f"lambda-layer logs {layer.name} --failed",
    )


def _ending(state: BuildState) -> tuple[str, str]:
    """Return why a build ended that its own commands did not end, and what to do; else "".

    Source: AWS CodeBuild API reference, Build (buildStatus), and user guide, "Quotas".
    """
    if state.status == "STOPPED":
        return (
            "it was stopped before its end (STOPPED)",
            "find out who stopped it (CloudTrail, StopBuild) if it was not you",
        )
    if state.status == "FAULT":
        return (
            "CodeBuild had a fault of its own (FAULT)",
            "if it happens again look at the AWS Health Dashboard",
        )
    if state.status != "TIMED_OUT":
        return "", ""
    if any(phase.name == "QUEUED" and phase.status == "TIMED_OUT" for phase in state.phases):
        return (
            "it waited too long for its turn (TIMED_OUT in the queue)",
            "let fewer builds run at once, or ask for more: Service Quotas, AWS CodeBuild, "
            '"Concurrently running builds"',
        )
    if is_lambda(state.environment_type):
        return (
            f"it took longer than the {LAMBDA_MINUTES} minutes of Lambda compute (TIMED_OUT)",
            'build the layer in a container: compute = "auto" or "container"',
        )
    return (
        "it took longer than the project allows (TIMED_OUT)",
        "give it more time (build_timeout_minutes of BuildInfrastructure)",
    )


def _subject(layer: Layer, state: BuildState) -> str:
    runtime = state.variables.get(TARGET_VARIABLE, "")
    if PUSH_VARIABLE in state.variables:
        return f"the push of the image of layer {layer.name!r}"
    if runtime:
        return f"the build of layer {layer.name!r} for {runtime}"
    job = "merge" if state.variables.get(MERGE_VARIABLE) else "build"
    return f"the {job} of layer {layer.name!r}"


def _part(state: BuildState) -> str:
    """Return which of a layer's several builds failed, for a sentence that goes on with why."""
    runtime = state.variables.get(TARGET_VARIABLE, "")
    if PUSH_VARIABLE in state.variables:
        return "the push failed: "
    if runtime:
        return f"the build for {runtime} failed: "
    return "the merge failed: " if state.variables.get(MERGE_VARIABLE) else ""


def _last_lines(layer: Layer, group: str, stream: str) -> list[str]:
    if not stream:
        return ["(it failed before it had a log)"]
    try:
        return layer.services.logs.tail(group, stream, LINES_SEARCHED) or ["(its log is empty)"]
    except LayerError as error:
        # That the log cannot be read must not hide that the build failed.
        return [f"(its log cannot be read: {error.what})"]


def _unknown(layer: Layer, build_id: str) -> BuildFailed:
    return BuildFailed(
        f"CodeBuild does not know build {build_id}",
        where=f"project {layer.site.project}",
        expected="the build that the record names",
        fix="apply again: a new build is started",
    )
