"""Start a build in CodeBuild, or find one that was started before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from builder.aws.codebuild import BuildRequest, BuildState, CodeBuild
from builder.aws.store import Changed
from builder.builds.part import Part
from builder.clock import Clock
from builder.errors import AwsError, NotNow, QuotaUsedUp, SourceError
from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.progress import Progress
from builder.protocol.variables import (
    COMPUTE_VARIABLE,
    DEBUG_VARIABLE,
    MERGE_VARIABLE,
    NAME_VARIABLE,
    SEALS_VARIABLE,
    TARGET_VARIABLE,
    TOKEN_VARIABLE,
)
from builder.spec.build_images import pulled
from builder.spec.compute import LAMBDA, STANDARD, Environment, container_of
from builder.spec.indexes import secrets, usernames
from builder.spec.runtimes import Target
from builder.text import count


@dataclass(frozen=True)
class Job:
    """What one build makes: the artifact, or the part of one runtime when ``runtime`` is named.

    With ``parts`` the artifact is merged of them, and nothing is installed. ``since`` is the lowest
    number whose build will do, 0 when any will; ``again`` counts the builds that never began.
    """

    runtime: str = ""
    parts: tuple[Part, ...] = ()
    since: int = 0
    again: int = 0


@dataclass(frozen=True)
class Placement:
    """Where a build runs. With ``may_leave`` a container takes over when Lambda compute is full."""

    environment: Environment
    may_leave: bool


LONGEST_PAUSE = 60.0
"""Seconds between two tries to start a build for which there is no room."""

PLACES = {LAMBDA: " on Lambda compute", STANDARD: " in CodeBuild's own image", "": ""}

WHOLE = Job()
"""The artifact of a layer with one target."""


def find_build(
    layer: Layer,
    token: Token,
    job: Job = WHOLE,
    *,
    ended: bool = False,
) -> str:
    """Return the id of a job's build that was started and forgotten, or "".

    A build that has ended left what it made, and only a job that distrusts that (``since``) must
    know which is its own. With ``ended`` the newest one is meant, however it ended.
    """
    for made_for, build in builds_for(layer, token.fingerprint):
        if build.variables.get(TARGET_VARIABLE, "") != job.runtime or made_for.number < job.since:
            continue
        if build.running or ended or (job.since and build.succeeded):
            return build.id
    return ""


def recent_builds(layer: Layer) -> Iterator[BuildState]:
    """Yield the recent builds of a layer, and not of the others of its application."""
    for build in layer.services.codebuild.recent():
        if build.variables.get(NAME_VARIABLE) == layer.name:
            yield build


def builds_for(layer: Layer, fingerprint: str) -> Iterator[tuple[Token, BuildState]]:
    """Yield the recent builds of a layer for a fingerprint, each behind its token."""
    for build in recent_builds(layer):
        token = Token.parse(build.variables.get(TOKEN_VARIABLE, ""))
        if token is not None and token.fingerprint == fingerprint:
            yield token, build


def start_build(
    layer: Layer,
    token: Token,
    job: Job = WHOLE,
    *,
    debug: bool,
    progress: Progress,
    clock: Clock,
    bundle: str = "",
    placement: Placement | None = None,
) -> BuildState:
    """Start the job's build and return how it is; wait for as long as AWS has no room for it.

    ``bundle`` is the bundle's S3 version id; without it the bundle is uploaded if need be. Without
    ``placement`` it runs in the container of its target. Raise NotNow when AWS still refuses
    after the time that is worth waiting: none where a container can take over from Lambda compute.
    Raise ComputeRefused when CodeBuild does not run it on Lambda compute at all.
    """
    bundle = bundle or upload_bundle(layer, progress)
    placement = placement or container(layer, target_of(layer, job))
    environment = placement.environment
    request = _request(layer, token, job, bundle, environment, debug=debug)
    try:
        state = started(
            layer.services.codebuild,
            request,
            progress=progress,
            clock=clock,
            may_leave=placement.may_leave,
        )
    except NotNow:
        raise
    except AwsError:
        # The same build may just have been started with other options: in debug mode, or for
        # another number. CodeBuild refuses that for five minutes, whether it still runs or not.
        known = layer.services.codebuild.state(find_build(layer, token, job, ended=True))
        if known is None:
            raise
        state = known
    progress(f"started build {state.id}{PLACES[environment.kind]}")
    return state


def started(
    project: CodeBuild,
    request: BuildRequest,
    *,
    progress: Progress,
    clock: Clock,
    may_leave: bool = False,
) -> BuildState:
    """Start what is requested and return how it is; wait for as long as AWS has no room for it.

    Raise NotNow when AWS still refuses after the time that is worth waiting: none for a quota that
    is used up where the build ``may_leave`` for elsewhere.
    """
    began, tries = clock.monotonic(), 0
    while True:
        try:
            return project.start(request)
        except NotNow as refused:
            leaves = may_leave and isinstance(refused, QuotaUsedUp)
            if leaves or clock.monotonic() - began > refused.longest:
                raise
            pause = clock.jitter(1.0, min(LONGEST_PAUSE, 2.0 * 2**tries))
            tries += 1
            progress(f"waiting to start the build: {refused.what}")
            clock.sleep(pause)


def container(layer: Layer, target: Target) -> Placement:
    """Return the container that a layer's target is built in."""
    return Placement(container_of(target, pulled(target, layer.spec.images)), may_leave=False)


def target_of(layer: Layer, job: Job) -> Target:
    """Return the target on whose image a job runs."""
    by_runtime = {target.runtime: target for target in layer.spec.targets}
    return by_runtime.get(job.runtime, layer.spec.targets[-1])


def _request(
    layer: Layer, token: Token, job: Job, version: str, environment: Environment, *, debug: bool
) -> BuildRequest:
    # Known for five minutes in the whole account (CodeBuild API reference, StartBuild). It follows
    # the fingerprint and not the token: callers with other numbers want the same build, unless
    # only one since a certain number will do. The S3 version distinguishes a bucket from one of the
    # same name that was destroyed a minute ago.
    identity = f"{layer.site.project} {layer.site.bucket} {layer.name} {version}"
    identity += f" {token.fingerprint} {job.since} {job.again}"
    for words in (job.runtime, *(f"{part.key} {part.version}" for part in job.parts)):
        identity += f" {words}" if words else ""
    # Equal requests are one build, and the same work elsewhere is another one.
    identity += f" {environment.environment_type}" if environment.is_lambda else ""
    identity += f" {environment.image}" if environment.kind == STANDARD else ""
    folder, name = layer.keys.built, layer.fingerprint
    if job.runtime:
        folder, name = layer.keys.parts(layer.fingerprint), job.runtime
    return BuildRequest(
        token=hashlib.sha256(identity.encode()).hexdigest(),
        source_key=layer.keys.bundle(layer.fingerprint),
        source_version=version,
        artifact_folder=folder,
        artifact_name=name,
        image=environment.image,
        environment_type=environment.environment_type,
        compute_type=environment.compute_type,
        credentials=environment.credentials,
        role_arn=layer.site.build_role,
        log_group=layer.site.log_group,
        log_prefix=layer.name,
        variables=(
            (NAME_VARIABLE, layer.name),
            (TOKEN_VARIABLE, str(token)),
            (DEBUG_VARIABLE, str(debug).lower()),
            *([(COMPUTE_VARIABLE, environment.kind)] if environment.kind else []),
            *usernames(layer.spec.indexes),
            *_job_variables(job),
        ),
        sources=tuple(
            # Letters, digits and underscores (CodeBuild API reference, ProjectSource).
            (part.runtime.replace(".", "_"), part.key, part.version)
            for part in job.parts
        ),
        secrets=() if job.parts else secrets(layer.spec.indexes),
    )


def _job_variables(job: Job) -> Iterator[tuple[str, str]]:
    if job.runtime:
        yield TARGET_VARIABLE, job.runtime
    if job.parts:
        yield MERGE_VARIABLE, "true"
        yield (
            SEALS_VARIABLE,
            " ".join(f"{part.runtime}={part.manifest_sha256}" for part in job.parts),
        )


def upload_bundle(layer: Layer, progress: Progress) -> str:
    """Put inputs and bundle into the bucket; return the bundle's S3 version id."""
    store, keys = layer.services.store, layer.keys
    if not layer.has_sources:
        return _bundled(layer)
    inputs = layer.inputs.to_json().encode()
    store.write(keys.inputs_of(layer.fingerprint), inputs, "application/json")
    # For the publisher function, which goes on from the build without the sources.
    spec = layer.spec.to_json().encode()
    store.write(keys.request(layer.fingerprint), spec, "application/json")
    bundle_key = keys.bundle(layer.fingerprint)
    present = store.head(bundle_key)
    if present is not None:
        return present.version
    content = layer.bundle()
    files = count(len(layer.files), "source file", "source files")
    progress(f"uploading {files} ({len(content):,} bytes)")
    try:
        return store.replace(bundle_key, content, "application/zip", etag=None).version
    except Changed:
        # Another process was faster and wrote the same bytes; one version of them makes one build.
        return upload_bundle(layer, progress)


def _bundled(layer: Layer) -> str:
    """Return the version of a bundle that another process has put into the bucket."""
    key = layer.keys.bundle(layer.fingerprint)
    present = layer.services.store.head(key)
    if present is not None:
        return present.version
    raise SourceError(
        f"the bundle of layer {layer.name!r} is gone",
        where=layer.services.store.url(key),
        expected="the bundle that the build was started with",
        fix="plan and apply again where the sources are",
    )
