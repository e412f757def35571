"""The role under which the builds of one layer run."""

from __future__ import annotations

import json

from cdktf import ITerraformDependable
from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.bindings import IamRole, IamRolePolicy
from modules.layer.index_access import logins
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import named


def build_role(
    scope: Construct, spec: LayerSpec, infrastructure: BuildInfrastructure, address: str
) -> list[ITerraformDependable]:
    """Make the role of a layer's builds; return what a build needs of it.

    One role a layer: code of strangers runs in builds, and must not be able to write what another
    layer publishes. ``address`` is as in naming.
    """
    role = named(
        IamRole(
            scope,
            "role",
            name=infrastructure.app.build_role(spec.name, infrastructure.region),
            description=f"Builds of the Lambda layer {spec.name}",
            assume_role_policy=json.dumps(
                policies.codebuild_trust(infrastructure.project_arn, infrastructure.account)
            ),
            permissions_boundary=infrastructure.app.permissions_boundary or None,
        ),
        address,
    )
    place = (infrastructure.partition, infrastructure.region, infrastructure.account)
    policy = named(
        IamRolePolicy(
            scope,
            "permissions",
            name="build",
            role=role.name,
            policy=json.dumps(
                policies.build(
                    infrastructure.bucket_arn,
                    spec.name,
                    infrastructure.log_group_arn,
                    [*logins(spec, *place), *infrastructure.for_builds()],
                )
            ),
        ),
        address,
    )
    return [role, policy]
