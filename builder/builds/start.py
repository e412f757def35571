"""The builds in CodeBuild: start or find one, wait for them, say why they failed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from builder.aws.codebuild import BuildRequest, BuildState
from builder.aws.store import Changed
from builder.builds.attempt_state import _unknown
from builder.builds.part import Part
from builder.builds.wait import finish_builds
from builder.clock import Clock
from builder.errors import AwsError, SourceError
from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.progress import Progress
from builder.protocol.keys import parts_folder
from builder.protocol.variables import (
    DEBUG_VARIABLE,
    MERGE_VARIABLE,
    NAME_VARIABLE,
    TARGET_VARIABLE,
    TOKEN_VARIABLE,
)
from builder.spec.indexes import secrets, usernames


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


def finish_build(layer: Layer, build_id: str, *, progress: Progress, clock: Clock) -> BuildState:
    """Wait until a build has ended; raise BuildFailed, with its last words, unless it succeeded."""
    failed = finish_builds(layer, {"": build_id}, progress=progress, clock=clock)
    if failed:
        raise failed[""]
    state = layer.services.codebuild.state(build_id)
    if state is None:
        raise _unknown(build_id, layer)
    return state


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
