"""The roles under which builds run."""

from __future__ import annotations

import json

from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.bindings import IamRole, IamRolePolicy
from modules.layer.index_access import logins
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import named
from modules.layer.role import role_of


def build_role(
    scope: Construct, spec: LayerSpec, infrastructure: BuildInfrastructure, address: str
) -> tuple[IamRole, IamRolePolicy]:
    """Make the role of a layer's builds; return it and its policy.

    One role a layer: code of strangers runs in builds, and must not be able to write what another
    layer publishes. ``address`` is as in naming.
    """
    place = (infrastructure.partition, infrastructure.region, infrastructure.account)
    return codebuild_role(
        scope,
        infrastructure,
        address,
        ids=("role", "permissions"),
        name=infrastructure.app.build_role(spec.name, infrastructure.region),
        description=f"Builds of the Lambda layer {spec.name}",
        project_arn=infrastructure.project_arn,
        policy=(
            "build",
            policies.build(
                infrastructure.bucket_arn,
                spec.name,
                infrastructure.log_group_arn,
                [*logins(spec, *place), *infrastructure.for_builds()],
            ),
        ),
    )


def codebuild_role(
    scope: Construct,
    infrastructure: BuildInfrastructure,
    address: str,
    *,
    ids: tuple[str, str],
    name: str,
    description: str,
    project_arn: str,
    policy: tuple[str, policies.Document],
) -> tuple[IamRole, IamRolePolicy]:
    """Make a role that builds of one project alone can have, and its policy.

    ``ids`` are those of the two constructs; ``policy`` is a name and a document.
    """
    role = role_of(
        scope,
        ids[0],
        infrastructure.app,
        name=name,
        description=description,
        trust=policies.codebuild_trust(project_arn, infrastructure.account),
        address=address,
    )
    policy_name, document = policy
    made = named(
        IamRolePolicy(scope, ids[1], name=policy_name, role=role.id, policy=json.dumps(document)),
        address,
    )
    return role, made
