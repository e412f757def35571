"""The doctor on permissions: what a role's policies allow, simulated by IAM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from builder.aws.iam import Iam
from builder.errors import AwsError
from builder.layer.layer import Layer
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, Finding
from builder.operations.doctor.permissions import needs
from builder.spec.app_spec import AppSpec

EVERYTHING = ":root"
"""How the ARN of an account's root user ends; its policies cannot be simulated (IAM API reference,
SimulatePrincipalPolicy), and there are none."""


def examine_rights(
    iam: Iam, role: str, principal: str, app: AppSpec, layers: Sequence[Layer]
) -> Iterator[Finding]:
    """Yield what a principal lacks for a role; one line when nothing is."""
    subject = f"permissions: {role}"
    if principal.endswith(EVERYTHING):
        yield Finding(subject, OK, f"{principal} may do everything")
        return
    try:
        lacking = list(_lacking(iam, role, principal, app, layers))
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


def _lacking(
    iam: Iam, role: str, principal: str, app: AppSpec, layers: Sequence[Layer]
) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for layer in layers:
        spec = layer.spec
        functions = [name.removesuffix(":$LATEST").rpartition(":")[2] for name in spec.functions]
        wanted = needs(role, _names(app, layer), functions=functions, prunes=bool(spec.keep))
        for need in wanted:
            fresh = [a for a in need.actions if (a, need.resource) not in seen]
            seen.update((action, need.resource) for action in fresh)
            if fresh:
                for action in iam.refused(principal, fresh, need.resource):
                    yield action, need.resource


def _names(app: AppSpec, layer: Layer) -> Mapping[str, str]:
    site = layer.site
    partition = site.build_role.split(":")[1]
    place = f"{site.region}:{site.account}"
    return {
        "bucket": f"arn:{partition}:s3:::{site.bucket}",
        "lambda": f"arn:{partition}:lambda:{place}",
        "codebuild": f"arn:{partition}:codebuild:{place}",
        "logs": f"arn:{partition}:logs:{place}",
        "app": app.name,
        "layer": layer.name,
        "project": site.project,
        "build_role": site.build_role,
        "log_group": site.log_group,
    }
