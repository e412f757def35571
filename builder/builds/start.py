"""The builds in CodeBuild: start or find one, wait for them, say why they failed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from builder.aws.codebuild import BuildRequest, BuildState
from builder.aws.store import Changed
from builder.builds.part import Part, parts_folder
from builder.clock import Clock
from builder.errors import AwsError, BuildFailed, LayerError, SourceError
from builder.layer.layer import Layer
from builder.layer.record import Token
from builder.spec.indexes import secrets, usernames

NAME_VARIABLE = "LAYER_NAME"
TOKEN_VARIABLE = "LAYER_TOKEN"  # noqa: S105 (a name, no secret)
DEBUG_VARIABLE = "LAYER_DEBUG"
TARGET_VARIABLE = "LAYER_TARGET"
MERGE_VARIABLE = "LAYER_MERGE"
LOG_LINES = 25
"""Lines of a failed build's log that its error shows."""

PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Seconds between looks at a running build; the last one repeats."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What one build makes: the artifact, or the part of one runtime when ``runtime`` is named.

    With ``parts`` the artifact is merged of them, and nothing is installed.
    """

    runtime: str = ""
    parts: tuple[Part, ...] = ()


WHOLE = Job()
"""The artifact of a layer with one target."""


def find_build(
    layer: Layer,
    token: Token,
    *,
    since: int,
    job: Job = WHOLE,
) -> str:
    """Return the id of a job's build that was started and forgotten, or "".

    ``since`` is the lowest number whose build will do; 0 when any will that still runs. One that
    has ended left what it made, and only who distrusts that must know which is its own.
    """
    for build in layer.services.codebuild.recent():
        found = Token.parse(build.variables.get(TOKEN_VARIABLE, ""))
        if found is None or build.variables.get(NAME_VARIABLE) != layer.name:
            continue
        if build.variables.get(TARGET_VARIABLE, "") != job.runtime:
            continue
        if found.fingerprint != token.fingerprint or found.number < since:
            continue
        if build.running or (since and build.succeeded):
            return build.id
    return ""


def start_build(
    layer: Layer,
    token: Token,
    *,
    since: int,
    debug: bool,
    progress: Progress,
    job: Job = WHOLE,
    bundle: str = "",
) -> str:
    """Start the job's build and return its id.

    ``bundle`` is the bundle's S3 version id; without it the bundle is uploaded if need be.
    """
    bundle = bundle or upload_bundle(layer, progress)
    request = _request(layer, token, job, bundle, debug=debug)
    try:
        build_id = layer.services.codebuild.start(request)
    except AwsError:
        # Somebody may just have started the same build with other options, say in debug mode.
        build_id = find_build(layer, token, since=since, job=job)
        if not build_id:
            raise
    progress(f"started build {build_id}")
    return build_id


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


def finish_build(layer: Layer, build_id: str, *, progress: Progress, clock: Clock) -> BuildState:
    """Wait until a build has ended; raise BuildFailed, with its last words, unless it succeeded."""
    failed = finish_builds(layer, {"": build_id}, progress=progress, clock=clock)
    if failed:
        raise failed[""]
    state = layer.services.codebuild.state(build_id)
    if state is None:
        raise _unknown(build_id, layer)
    return state


def named(runtimes: Iterable[str], progress: Progress) -> dict[str, Progress]:
    """Return, by runtime, what tells progress with the runtime's name before it."""

    def of(runtime: str) -> Progress:
        return lambda line: progress(f"{runtime}: {line}")

    return {runtime: of(runtime) if runtime else progress for runtime in runtimes}


def _tell(state: BuildState, key: str, phases: dict[str, str], progress: Progress) -> None:
    if phases.get(key, "") != state.phase:
        phases[key] = state.phase
        phase = state.phase.lower().replace("_", " ")
        named([key], progress)[key](f"build {state.id}: {phase}")


def _tell_failure(key: str, error: BuildFailed, progress: Progress) -> None:
    if key:
        named([key], progress)[key](error.what.splitlines()[0])


def _request(layer: Layer, token: Token, job: Job, version: str, *, debug: bool) -> BuildRequest:
    by_runtime = {target.runtime: target for target in layer.spec.targets}
    target = by_runtime.get(job.runtime, layer.spec.targets[-1])
    # Known for five minutes in the whole account (CodeBuild API reference, StartBuild); the S3
    # version tells a bucket from the one of the same name that was destroyed a minute ago.
    identity = f"{layer.site.project} {layer.site.bucket} {layer.name} {token} {version}"
    for words in (job.runtime, *(f"{part.key} {part.version}" for part in job.parts)):
        identity += f" {words}" if words else ""
    folder, name = layer.artifact_folder, layer.fingerprint
    if job.runtime:
        folder, name = parts_folder(folder, name), job.runtime
    cache = f"{layer.name}/cache/{job.runtime}".rstrip("/")
    return BuildRequest(
        token=hashlib.sha256(identity.encode()).hexdigest(),
        source_key=layer.bundle_key,
        source_version=version,
        artifact_folder=folder,
        artifact_name=name,
        image=target.build_image,
        environment_type=target.environment_type,
        role_arn=layer.site.build_role,
        cache_folder="" if job.parts else cache,
        variables=(
            (NAME_VARIABLE, layer.name),
            (TOKEN_VARIABLE, str(token)),
            (DEBUG_VARIABLE, str(debug).lower()),
            *usernames(layer.spec.indexes),
            *([(TARGET_VARIABLE, job.runtime)] if job.runtime else []),
            *([(MERGE_VARIABLE, "true")] if job.parts else []),
        ),
        sources=tuple(
            # Letters, digits and underscores (CodeBuild API reference, ProjectSource).
            (part.runtime.replace(".", "_"), part.key, part.version)
            for part in job.parts
        ),
        secrets=() if job.parts else secrets(layer.spec.indexes),
    )


def upload_bundle(layer: Layer, progress: Progress) -> str:
    """Put inputs and bundle into the bucket; return the bundle's S3 version id."""
    store = layer.services.store
    if not layer.has_sources:
        return _bundled(layer)
    inputs = layer.inputs.to_json().encode()
    store.write(layer.inputs_key(layer.fingerprint), inputs, "application/json")
    # For whoever goes on from the build without the sources (builder/publisher/function.py).
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
        return upload_bundle(layer, progress)


def _bundled(layer: Layer) -> str:
    """Return the version of a bundle that somebody else has put into the bucket."""
    present = layer.services.store.head(layer.bundle_key)
    if present is not None:
        return present.version
    raise SourceError(
        f"the bundle of layer {layer.name!r} is gone",
        where=layer.services.store.url(layer.bundle_key),
        expected="the bundle that the build was started with",
        fix="plan and apply again where the sources are",
    )


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


def _endless(state: BuildState) -> BuildFailed:
    return BuildFailed(
        f"build {state.id} has not ended within its own time limit",
        where=f"phase {state.phase}",
        expected=f"an end within {state.limit_seconds / 60:.0f} minutes",
        fix=f"stop it: aws codebuild stop-build --id {state.id}; then apply again",
    )
