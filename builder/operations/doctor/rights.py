"""The doctor on permissions: what a role's policies allow, simulated by IAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from builder.aws.iam import Iam
from builder.errors import AwsError
from builder.hybrid.service import Service
from builder.layer.layer import Layer
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, Finding
from builder.operations.doctor.permissions import OPERATOR, Need, needs, needs_of_service
from builder.spec.app_spec import AppSpec

EVERYTHING = ":root"
"""How the ARN of an account's root user ends; its policies cannot be simulated (IAM API reference,
SimulatePrincipalPolicy), and there are none."""


def examine_rights(
    iam: Iam,
    role: str,
    principal: str,
    app: AppSpec,
    layers: Sequence[Layer],
    services: Sequence[Service] = (),
) -> Iterator[Finding]:
    """Yield what a principal lacks for a role; one line when nothing is."""
    subject = f"permissions: {role}"
    if principal.endswith(EVERYTHING):
        yield Finding(subject, OK, f"{principal} may do everything")
        return
    try:
        lacking = list(_lacking(iam, principal, _needs(role, app, layers, services)))
    except AwsError as error:
        fix = "allow iam:SimulatePrincipalPolicy to have it judged; docs/permissions.md lists all"
        yield Finding(subject, UNKNOWN, error.what, fix)
        return
    if not lacking:
        yield Finding(subject, OK, f"{principal} may do all of it")
    for action, resource in lacking:
        yield Finding(
            subject,
            PROBLEM,
            f"{principal} may not {action} on {resource}",
            f"allow {action} on it (docs/permissions.md)",
        )


def _lacking(iam: Iam, principal: str, wanted: Iterable[Need]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for need in wanted:
        fresh = [a for a in need.actions if (a, need.resource) not in seen]
        seen.update((action, need.resource) for action in fresh)
        if fresh:
            for action in iam.refused(principal, fresh, need.resource):
                yield action, need.resource


def _needs(
    role: str, app: AppSpec, layers: Sequence[Layer], services: Sequence[Service]
) -> Iterator[Need]:
    for layer in layers if role != OPERATOR else ():
        spec = layer.spec
        functions = [name.removesuffix(":$LATEST").rpartition(":")[2] for name in spec.functions]
        yield from needs(
            role,
            _names(app, layer),
            functions=functions,
            prunes=bool(spec.keep),
            shares=bool(spec.share),
            parameter=spec.parameter,
            image=spec.image,
            supervisor=spec.supervisor,
        )
    for service in services:
        has_layer = bool(service.spec.layer)
        yield from needs_of_service(role, names_of_service(service), layer=has_layer)


def names_of_service(service: Service) -> Mapping[str, str]:
    """Return what fills in the resources of a service's needs."""
    place = f"{service.region}:{service.account}"
    return {
        "data": f"arn:{service.partition}:s3:::{service.store.bucket}",
        "prefix": service.spec.prefix,
        "ecs": f"arn:{service.partition}:ecs:{place}",
        "ecr": f"arn:{service.partition}:ecr:{place}",
        "logs": f"arn:{service.partition}:logs:{place}",
        "service": service.full_name,
        "repository": service.repository,
        "service_logs": service.log_group,
    }


def _names(app: AppSpec, layer: Layer) -> Mapping[str, str]:
    site = layer.site
    partition = site.partition
    place = f"{site.region}:{site.account}"
    return {
        "bucket": f"arn:{partition}:s3:::{site.bucket}",
        "lambda": f"arn:{partition}:lambda:{place}",
        "codebuild": f"arn:{partition}:codebuild:{place}",
        "ssm": f"arn:{partition}:ssm:{place}",
        "ecr": f"arn:{partition}:ecr:{place}",
        "logs": f"arn:{partition}:logs:{place}",
        "app": app.name,
        "layer": layer.name,
        "layer_name": site.layer_name,
        "project": site.project,
        "build_role": site.build_role,
        "log_group": site.log_group,
    }
