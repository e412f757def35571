"""One build in CodeBuild: start or find it, wait for it, say why it failed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from builder.aws.codebuild import BuildRequest, BuildState
from builder.aws.store import Changed
from builder.clock import Clock
from builder.errors import AwsError, BuildFailed, LayerError
from builder.layer import Layer
from builder.record import Token

NAME_VARIABLE = "LAYER_NAME"
TOKEN_VARIABLE = "LAYER_TOKEN"  # noqa: S105 (a name, no secret)
DEBUG_VARIABLE = "LAYER_DEBUG"
LOG_LINES = 25
"""Lines of a failed build's log that its error shows."""

PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Seconds between looks at a running build; the last one repeats."""


def find_build(layer: Layer, token: Token, *, since: int) -> str:
    """Return the id of a build of this fingerprint that was started and forgotten, or "".

    ``since`` is the lowest number whose build will do; 0 when any will that still runs. One that
    has ended left its artifact, and only a forced rebuild must know which is its own.
    """
    for build in layer.services.codebuild.recent():
        found = Token.parse(build.variables.get(TOKEN_VARIABLE, ""))
        if found is None or build.variables.get(NAME_VARIABLE) != layer.name:
            continue
        if found.fingerprint != token.fingerprint or found.number < since:
            continue
        if build.running or (since and build.succeeded):
            return build.id
    return ""


def start_build(
    layer: Layer, token: Token, *, since: int, debug: bool, progress: Callable[[str], None]
) -> str:
    """Upload the bundle if need be, start the token's build, and return its id."""
    request = _request(layer, token, _upload(layer, progress), debug=debug)
    try:
        build_id = layer.services.codebuild.start(request)
    except AwsError:
        # Somebody may just have started the same build with other options, say in debug mode.
        build_id = find_build(layer, token, since=since)
        if not build_id:
            raise
    progress(f"started build {build_id}")
    return build_id


def has_ended(layer: Layer, build_id: str) -> bool:
    """Whether a build has succeeded; raise BuildFailed, with its last words, if it has failed."""
    return _checked(layer, build_id).succeeded


def finish_build(
    layer: Layer, build_id: str, *, progress: Callable[[str], None], clock: Clock
) -> BuildState:
    """Wait until a build has ended; raise BuildFailed, with its last words, unless it succeeded."""
    began, phase, looks = clock.now(), "", 0
    while True:
        state = _checked(layer, build_id)
        if state.phase != phase:
            phase = state.phase
            progress(f"build {build_id}: {phase.lower().replace('_', ' ')}")
        if state.succeeded:
            return state
        if clock.now() - began > state.limit_seconds + 600:
            raise _endless(state)
        clock.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1


def _checked(layer: Layer, build_id: str) -> BuildState:
    state = layer.services.codebuild.state(build_id)
    if state is None:
        raise _unknown(build_id, layer)
    if not state.running and not state.succeeded:
        raise _failed(layer, state)
    return state


def _request(layer: Layer, token: Token, version: str, *, debug: bool) -> BuildRequest:
    target = layer.spec.targets[-1]
    # Known for five minutes in the whole account (CodeBuild API reference, StartBuild); the S3
    # version tells a bucket from the one of the same name that was destroyed a minute ago.
    identity = f"{layer.site.project} {layer.site.bucket} {layer.name} {token} {version}"
    return BuildRequest(
        token=hashlib.sha256(identity.encode()).hexdigest(),
        source_key=layer.bundle_key,
        source_version=version,
        artifact_folder=layer.artifact_folder,
        artifact_name=layer.fingerprint,
        image=target.build_image,
        environment_type=target.environment_type,
        role_arn=layer.site.build_role,
        cache_folder=f"{layer.name}/cache",
        variables=(
            (NAME_VARIABLE, layer.name),
            (TOKEN_VARIABLE, str(token)),
            (DEBUG_VARIABLE, str(debug).lower()),
        ),
    )


def _upload(layer: Layer, progress: Callable[[str], None]) -> str:
    """Put inputs and bundle into the bucket; return the bundle's S3 version id."""
    store = layer.services.store
    inputs = layer.inputs.to_json().encode()
    store.write(layer.inputs_key(layer.fingerprint), inputs, "application/json")
    # For whoever goes on from the build without the sources (builder/publisher.py).
    store.write(layer.request_key, layer.spec.to_json().encode(), "application/json")
    present = store.head(layer.bundle_key)
    if present is not None:
        return present.version
    content = layer.bundle()
    progress(f"uploading {len(layer.files)} source files ({len(content):,} bytes)")
    try:
        return store.replace(layer.bundle_key, content, "application/zip", etag=None).version
    except Changed:
        # Whoever was faster wrote the same bytes; one version of them makes one build.
        return _upload(layer, progress)


def _failed(layer: Layer, state: BuildState) -> BuildFailed:
    group = state.log_group or layer.site.log_group
    last_words = "\n".join(f"  | {line}" for line in _last_lines(layer, group, state.log_stream))
    return BuildFailed(
        f"the build of layer {layer.name!r} failed: {state.failure or state.status}\n{last_words}",
        where=f"build {state.id}\nlog group {group}, stream {state.log_stream or '(none yet)'}",
        expected="a build that ends with SUCCEEDED",
        fix="mend what the log says, then plan and apply again; the whole log:\n"
        f"lambda-layer logs {layer.name}",
    )


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


def _endless(state: BuildState) -> BuildFailed:
    return BuildFailed(
        f"build {state.id} has not ended within its own time limit",
        where=f"phase {state.phase}",
        expected=f"an end within {state.limit_seconds / 60:.0f} minutes",
        fix=f"stop it: aws codebuild stop-build --id {state.id}; then apply again",
    )
