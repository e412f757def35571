"""The project that pushes a layer's image, and the one role that may push into its repository.

It is a project a layer, so that whoever starts a push passes no role, and the role trusts builds
that can run nothing but what this project says. No code of strangers runs in them.
"""

from __future__ import annotations

from constructs import Construct

from builder.images.reference import PRIVATE
from builder.protocol.keys import push_project
from builder.spec.compute import PUSHES
from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.bindings import CodebuildProject
from modules.layer.buildspec import push_buildspec_text
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import literal, named
from modules.layer.role import Role

TIMEOUT_MINUTES = 30
"""How long a push may take: a base and a layer of 10 GB, read and sent once."""


def pusher(
    scope: Construct, infrastructure: BuildInfrastructure, spec: LayerSpec, *, address: str = ""
) -> tuple[Role, CodebuildProject]:
    """Make what pushes a layer's image; ``address`` is as in naming."""
    app = infrastructure.app
    project = push_project(app.project, spec.name)
    role = infrastructure.roles.add(
        scope,
        ("push-role", "push-permissions"),
        name=app.push_role(spec.name, infrastructure.region),
        description=f"Pushes the image of the Lambda layer {spec.name}",
        trust=policies.codebuild_trust(
            infrastructure.arn("codebuild", f"project/{project}"), infrastructure.account
        ),
        policy=(
            "push",
            policies.push(
                infrastructure.bucket_arn,
                spec.name,
                infrastructure.arn("ecr", f"repository/{app.repository(spec.name)}"),
                infrastructure.log_group_arn,
                [*bases(spec.base, infrastructure.partition), *infrastructure.for_builds()],
            ),
        ),
        address=address,
        of=spec.name,
    )
    made = named(
        CodebuildProject(
            scope,
            "push",
            name=project,
            description=f"Pushes the image of the Lambda layer {spec.name} of {app.prefix}",
            service_role=role.arn,
            build_timeout=TIMEOUT_MINUTES,
            source={"type": "NO_SOURCE", "buildspec": literal(push_buildspec_text())},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "compute_type": PUSHES.compute_type,
                "image": PUSHES.image,
                "type": PUSHES.environment_type,
                "image_pull_credentials_type": PUSHES.credentials,
            },
            vpc_config=infrastructure.network(),
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": app.log_group}},
        ),
        address,
    )
    return role, made


def bases(base: str, partition: str) -> list[policies.Statement]:
    """Return what lets a base be pulled that is in a private registry of ECR."""
    found = PRIVATE.match(base)
    if found is None:
        return []
    account, region, name = found.groups()
    return [policies.pull(f"arn:{partition}:ecr:{region}:{account}:repository/{name}")]
