"""A role of an application, as its options want every one."""

from __future__ import annotations

import json

from constructs import Construct

from builder.spec.app_spec import AppSpec
from modules.layer.bindings import IamRole
from modules.layer.naming import named
from modules.layer.policies import Document


def role_of(
    scope: Construct,
    id_: str,
    app: AppSpec,
    *,
    name: str,
    description: str,
    trust: Document,
    address: str = "",
) -> IamRole:
    """Make a role below the application's path and boundary; ``address`` is as in naming."""
    role = IamRole(
        scope,
        id_,
        name=name,
        description=description,
        assume_role_policy=json.dumps(trust),
        path=app.role_path,
        permissions_boundary=app.permissions_boundary or None,
    )
    return named(role, address)
