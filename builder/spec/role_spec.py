"""A role that an application needs: all that IAM is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.documents import Extensible, Malformed, read_json, typed
from builder.errors import SpecError

TOLD = "roles"
"""The name, after its infrastructure's place, of the resource that says what roles have to be."""

POLICY_ROOM = 10_240
"""Characters that a role's inline policies have in all, white space apart. Source: IAM user guide,
"IAM and AWS STS quotas"."""

FEWER = (
    "let layers find their functions by a tag (functions = "
    '["tag:KEY=VALUE"]), or divide the layers among several applications'
)
"""What makes a policy shorter that names too much."""


def policy_size(policy: str) -> int:
    """Return the characters that IAM counts of a policy as JSON."""
    return len("".join(policy.split()))


@dataclass(frozen=True)
class RoleSpec:
    """A role with its one inline policy.

    ``trust`` and ``policy`` are IAM documents; ``permissions_boundary`` is an ARN, or "".
    """

    name: str
    path: str
    description: str
    permissions_boundary: str
    trust: Mapping[str, Any]
    policy_name: str
    policy: Mapping[str, Any]


@dataclass(frozen=True)
class _Resource(Extensible):
    """A resource of a plan, as ``terraform show -json`` writes it."""

    type: str = ""
    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Module(Extensible):
    """A module of a plan, with what is in it."""

    resources: tuple[_Resource, ...] = ()
    child_modules: tuple[Mapping[str, Any], ...] = ()


def roles_of_plan(content: bytes | str, where: str) -> list[RoleSpec]:
    """Return the roles of all applications in what ``terraform show -json`` wrote of a plan.

    Raise SpecError for what is no such document, or has no roles in it. Source: Terraform docs,
    "JSON Output Format", "Values Representation".
    """
    try:
        document = typed(dict[str, Any], read_json(content))
        values = typed(dict[str, Any], document.get("planned_values"), "planned_values")
        found = list(_roles(typed(_Module, values.get("root_module", {}), "root_module")))
    except Malformed as error:
        raise _no_plan(f"it is not a plan as JSON: {error}", where) from error
    if not found:
        raise _no_plan("it has no roles that an administrator makes", where)
    return found


def check_policies(roles: Sequence[RoleSpec]) -> None:
    """Raise SpecError if a role cannot have its policy, which a plan says of one of the stack."""
    for role in roles:
        size = policy_size(json.dumps(role.policy))
        if size > POLICY_ROOM:
            raise SpecError(
                f"the policy of {role.name} has {size} characters: functions, layer_name and "
                "parameter of the layers are named in it",
                where=f"policy {role.policy_name}",
                expected=f"at most {POLICY_ROOM}, white space apart (IAM quotas)",
                fix=FEWER,
            )


def _roles(module: _Module) -> Iterator[RoleSpec]:
    for resource in module.resources:
        is_told = resource.name == TOLD or resource.name.endswith(f"_{TOLD}")
        if resource.type == "terraform_data" and is_told:
            at = f"{resource.type}.{resource.name}.input"
            told = typed(dict[str, RoleSpec], resource.values.get("input"), at)
            yield from told.values()
    for child in module.child_modules:
        yield from _roles(typed(_Module, child, "child_modules"))


def _no_plan(what: str, where: str) -> SpecError:
    return SpecError(
        what,
        where=where,
        expected='what `terraform show -json FILE` writes of a plan with roles = "existing"',
        fix="terraform plan -target=module.layers.terraform_data.build_roles -out=roles.tfplan, "
        "then terraform show -json roles.tfplan | lambda-layer roles --plan -",
    )
