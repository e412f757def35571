"""The doctor in the AWS account: credentials, permissions, bucket, project, images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.aws.bucket import bucket_settings
from builder.aws.codebuild import BuildState
from builder.aws.iam import Iam
from builder.aws.session import Session
from builder.hybrid.service import Service
from builder.layer.layer import Layer
from builder.operations.doctor.findings import (
    OK,
    PROBLEM,
    UNKNOWN,
    Finding,
    each_reason_once,
    found_by,
)
from builder.operations.doctor.permissions import APPLY, OPERATOR, PLAN, PUBLISHER
from builder.operations.doctor.rights import examine_rights
from builder.operations.service_status import FAILED, MISSING, service_status
from builder.spec.app_spec import AppSpec
from builder.spec.build_images import pulled

APPLY_STACK = "apply the stack: terraform apply, in cdktf.out/stacks/APP"


def examine_account(
    app: AppSpec,
    layers: Sequence[Layer],
    session: Session,
    principal: str = "",
    services: Sequence[Service] = (),
) -> Iterator[Finding]:
    """Yield what was found in the account; ``principal`` is whose permissions are judged."""
    yield Finding("credentials", OK, f"{session.caller}, from {session.credentials}")
    yield Finding("region", OK, f"{session.region} of account {session.account}")
    permissions = found_by(
        lambda: _permissions(app, layers, session, principal, services), "permissions", UNKNOWN
    )
    yield from each_reason_once(permissions)
    yield from found_by(lambda: _bucket(app, layers, session), "bucket")
    yield from found_by(lambda: _project(app, layers), "project")
    yield from found_by(lambda: _images(layers), "images", UNKNOWN)
    for service in services:
        yield _service(app, service)


def _permissions(
    app: AppSpec,
    layers: Sequence[Layer],
    session: Session,
    principal: str,
    services: Sequence[Service],
) -> Iterator[Finding]:
    iam = Iam(session)
    whose = principal or iam.principal(session.caller)
    for role in (PLAN, APPLY, *[OPERATOR] * bool(services)):
        yield from examine_rights(iam, role, whose, app, layers, services)
    publisher = layers[0].services.functions.role_of(app.publisher)
    if publisher:
        yield from examine_rights(iam, PUBLISHER, publisher, app, layers)
    else:
        yield Finding(
            f"permissions: {PUBLISHER}",
            OK,
            f"there is no function {app.publisher}: the apply itself publishes",
        )


def _bucket(app: AppSpec, layers: Sequence[Layer], session: Session) -> Iterator[Finding]:
    store = layers[0].services.store
    if not store.bucket_exists():
        yield Finding("bucket", PROBLEM, f"there is no bucket {store.bucket}", _stack(app))
        return
    settings = bucket_settings(session, store.bucket)
    yield Finding("bucket", OK, f"s3://{store.bucket}")
    for good, subject, seen in (
        (
            settings.versioned,
            "bucket: versioned",
            "what was verified may be overwritten",
        ),
        (settings.private, "bucket: private", "public access is not blocked in all four ways"),
        (settings.encrypted, "bucket: encrypted", "it has no default encryption"),
    ):
        yield Finding(subject, OK, "yes") if good else Finding(subject, PROBLEM, seen, _stack(app))


def _project(app: AppSpec, layers: Sequence[Layer]) -> Iterator[Finding]:
    if layers[0].services.codebuild.project_exists():
        yield Finding("project", OK, app.project)
    else:
        seen = f"there is no CodeBuild project {app.project}"
        yield Finding("project", PROBLEM, seen, _stack(app))


def _images(layers: Sequence[Layer]) -> Iterator[Finding]:
    """Judge each image by the last build that used it: only CodeBuild knows if it gets it."""
    recent = layers[0].services.codebuild.recent()
    images = dict.fromkeys(
        pulled(t, layer.spec.images) for layer in layers for t in layer.spec.targets
    )
    for image in images:
        yield _image(image, [build for build in recent if build.image == image])


def _image(image: str, builds: Sequence[BuildState]) -> Finding:
    subject = "image"
    for build in builds:
        if build.failure.startswith("PROVISIONING"):
            return Finding(
                subject,
                PROBLEM,
                f"{image}: {build.failure} (build {build.id})",
                "see whether the image exists and CodeBuild may reach it (VPC, registry limits)",
            )
        if any(phase.name == "INSTALL" for phase in build.phases):
            return Finding(subject, OK, f"{image}, used by build {build.id}")
    return Finding(subject, UNKNOWN, f"{image}: no build has used it yet", "")


def _service(app: AppSpec, service: Service) -> Finding:
    subject, status = f"service {service.name}", service_status(service)
    if not status.is_applied:
        return Finding(subject, PROBLEM, f"there is no bucket {service.store.bucket}", _stack(app))
    layer = service.spec.layer
    if status.image.word == MISSING and layer:
        fix = f"terraform plan, then apply; lambda-layer status {layer} says how it is"
        what = f"there is no image of layer {layer} that tasks can be started from"
        return Finding(subject, PROBLEM, what, fix)
    if status.image.word == MISSING:
        tag = f"{service.full_name}:{service.spec.image_tag}"
        fix = "build the image and push it (docs/hybrid.md)"
        return Finding(subject, PROBLEM, f"there is no image {tag} in ECR", fix)
    if status.word == FAILED:
        fix = f"see its log: lambda-layer logs {service.name}"
        return Finding(subject, PROBLEM, f"its last task did not start: {status.reason}", fix)
    if status.unseen:
        return Finding(subject, UNKNOWN, "; ".join(status.unseen), "see docs/permissions.md")
    return Finding(subject, OK, status.word)


def _stack(app: AppSpec) -> str:
    return APPLY_STACK.replace("APP", app.name)
