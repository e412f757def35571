"""What a layer that is an image has in the place of a layer in Lambda."""

from __future__ import annotations

from cdktf import ITerraformDependable
from constructs import Construct

from builder.spec.layer_spec import LayerSpec
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.pusher import pusher
from modules.layer.repository import not_retained, repository
from modules.layer.retention import Flag


def image(
    scope: Construct,
    infrastructure: BuildInfrastructure,
    spec: LayerSpec,
    *,
    retain: Flag,
    address: str,
) -> list[ITerraformDependable]:
    """Make a layer's repository and what pushes into it; return what a release waits for.

    ``retain`` is whether images are to outlive the layer, which is refused.
    """
    app = infrastructure.app
    name = app.repository(spec.name)
    made = repository(scope, name, kms_key=app.kms_key, force_delete=False, address=address)
    made[0].lifecycle = not_retained(spec.name, retain)
    role, project = pusher(scope, infrastructure, spec, address=address)
    # Images are deleted first, and those that functions have are not; nothing pushes any more then.
    infrastructure.retire_before(made[0])
    infrastructure.retire_before(project)
    return [*made, *role.ready, project]
