"""Roles of the module: made, or only told of, where an administrator makes them.

What a role has to be is a local value of its own, of which the resources are made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from builder.spec.app_options import ROLES
from hcl.images import IMAGES
from hcl.names import EACH, of_each, put_names
from hcl.publisher import HERE, PREFIX
from hcl.specs import each
from hcl.syntax import Raw, expression, indented
from hcl.template import LAYER

MADE, THEIRS = (f'var.roles == "{who}"' for who in ROLES)

TOLD = "build_roles"
"""The resource that says what each role has to be."""

ENCODED = "jsonencode("


@dataclass(frozen=True)
class Kind:
    """Roles of the template: the names of role and policy, and for what there is one each.

    ``over`` is a map of layers; without one ``count`` says whether the one role is there.
    """

    role: str
    policy: str
    over: str = ""
    count: str = "1"

    @property
    def wanted(self) -> str:
        """The local value that says what they have to be."""
        return f"{of_each(self.role)}_wanted"

    @property
    def index(self) -> str:
        """Which instance of the resources is meant, inside of what has as many."""
        return f"[{EACH}]" if self.over else "[0]"

    @property
    def repeats(self) -> dict[str, Raw]:
        """The argument that says how many there are."""
        if self.over:
            return {"for_each": Raw(f"local.{self.names}")}
        return {"count": Raw(f"{MADE} ? {self.count} : 0")}

    @property
    def names(self) -> str:
        """The local value that roles are repeated over, where there is one each."""
        return f"{of_each(self.role)}_names"

    @property
    def known(self) -> str:
        """The local value that has the ids of the roles that are made, where there is one each.

        A policy that named its role itself would wait for the roles of all layers: Terraform
        follows each of these ways for each approval, and that is the cube of the layers.
        """
        return f"{of_each(self.role)}_id"

    @property
    def reference(self) -> str:
        """The local value inside of the resources."""
        return f"local.{self.wanted}{self.index if self.over else ''}"


PROJECT = Kind("build_role", "build_permissions")
PUBLISHER = Kind(f"{PREFIX}role", f"{PREFIX}permissions", count=f"local.{HERE}")
PUSHES = Kind(f"{LAYER}_push-role", f"{LAYER}_push-permissions", over=IMAGES)
BUILDS = Kind(f"{LAYER}_role", f"{LAYER}_permissions", over="local.layers")

USED = {
    ("aws_codebuild_project", "build_project", "service_role"): PROJECT,
    ("aws_lambda_function", f"{PREFIX}function", "role"): PUBLISHER,
    ("aws_codebuild_project", f"{LAYER}_push", "service_role"): PUSHES,
}
"""The arguments that have a role's ARN."""


def put_roles(template: dict[str, Any]) -> None:
    """Let roles be there only if the module makes them, and what they have to be be told."""
    resources, told = template["resource"], []
    roles, policies = resources["aws_iam_role"], resources["aws_iam_role_policy"]
    for kind in (PROJECT, PUBLISHER, PUSHES, BUILDS):
        role, policy = roles[kind.role], policies[kind.policy]
        told.append(_told(kind, policy["name"]))
        template["locals"][kind.wanted] = _wanted(kind, role, policy)
        if kind.over:
            ids = f"{{ for name, role in aws_iam_role.{of_each(kind.role)} : name => role.id }}"
            template["locals"][kind.known] = Raw(ids)
            template["locals"][kind.names] = Raw(
                f"{{ for name in keys({kind.over}) : name => name if {MADE} }}"
            )
        roles[kind.role], policies[kind.policy] = _role(kind, role), _policy(kind, policy)
    for (type_, name, argument), kind in USED.items():
        resources[type_][name][argument] = _arn(kind)
    inner = ",\n".join(indented(one) for one in told)
    resources["terraform_data"][TOLD] = {
        "count": Raw(f"{MADE} ? 0 : 1"),
        "input": Raw(f"merge(concat(\n{inner},\n)...)"),
    }


def names_of(name: str) -> str:
    """Return the names of the roles that have to be there for a layer, with blanks between."""
    own = [
        f"[local.{PROJECT.wanted}.name]",
        f"[for role in range({PUBLISHER.count}) : local.{PUBLISHER.wanted}.name]",
        f"[for key, role in local.{PUSHES.wanted} : role.name if key == {name}]",
        f"[local.{BUILDS.wanted}[{name}].name]",
    ]
    inner = "".join(f"      {one},\n" for one in own)
    return f'join(" ", concat(\n{inner}    ))'


def _wanted(kind: Kind, role: Mapping[str, Any], policy: Mapping[str, Any]) -> Raw:
    key = "name" if kind.over else EACH
    document = policy["policy"].text.removeprefix(ENCODED)[:-1]
    value = {
        "description": put_names(role["description"], key),
        "name": put_names(role["name"], key),
        "path": role["path"],
        "permissions_boundary": Raw("var.permissions_boundary"),
        "policy": Raw(document.replace(EACH, key)),
        "policy_name": policy["name"],
        "trust": put_names(json.loads(role["assume_role_policy"]), key),
    }
    return (
        each(f"name in keys({kind.over})", "name", value) if kind.over else Raw(expression(value))
    )


def _told(kind: Kind, policy: str) -> str:
    if kind.over:
        return f'[{{ for name, role in local.{kind.wanted} : "{policy} of ${{name}}" => role }}]'
    if kind.count == "1":
        return f"[{{ {policy} = local.{kind.wanted} }}]"
    return f"[for role in range({kind.count}) : {{ {policy} = local.{kind.wanted} }}]"


def _role(kind: Kind, role: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: Raw(f"{kind.reference}.{name}") for name in ("description", "name", "path")}
    trust = Raw(f"jsonencode({kind.reference}.trust)")
    return {**role, **own, "assume_role_policy": trust, **kind.repeats}


def _policy(kind: Kind, policy: Mapping[str, Any]) -> dict[str, Any]:
    checked = {name: block for name, block in policy.items() if name == "lifecycle"}
    made = f"aws_iam_role.{of_each(kind.role)}"
    return {
        **kind.repeats,
        **checked,
        "name": Raw(f"{kind.reference}.policy_name"),
        "policy": Raw(f"jsonencode({kind.reference}.policy)"),
        "role": Raw(f"local.{kind.known}{kind.index}" if kind.over else f"{made}[0].id"),
    }


def _arn(kind: Kind) -> Raw:
    made = f"aws_iam_role.{of_each(kind.role)}{kind.index}.arn"
    place = "arn:${local.build_place.partition}:iam::${local.build_place.account}"
    return Raw(f'{MADE} ? {made} : "{place}:role${{var.role_path}}${{{kind.reference}.name}}"')
