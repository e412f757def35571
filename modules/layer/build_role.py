"""The roles under which builds run."""

from __future__ import annotations

from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from modules.layer import policies
from modules.layer.index_access import logins
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.role import Role


def build_role(
    scope: Construct, spec: LayerSpec, infrastructure: BuildInfrastructure, address: str
) -> Role:
    """Add the role of a layer's builds.

    One role a layer: code of strangers runs in builds, and must not be able to write what another
    layer publishes. ``address`` is as in naming.
    """
    place = (infrastructure.partition, infrastructure.region, infrastructure.account)
    return infrastructure.roles.add(
        scope,
        ("role", "permissions"),
        name=infrastructure.app.build_role(spec.name, infrastructure.region),
        description=f"Builds of the Lambda layer {spec.name}",
        trust=policies.codebuild_trust(infrastructure.project_arn, infrastructure.account),
        policy=(
            "build",
            policies.build(
                infrastructure.bucket_arn,
                spec.name,
                infrastructure.log_group_arn,
                [*logins(spec, *place), *infrastructure.for_builds()],
            ),
        ),
        address=address,
        of=spec.name,
    )
