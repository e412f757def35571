"""The roles of an application, for people, and for what makes them."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from builder.documents import plain
from builder.report.tables import show_json
from builder.report.terminal import echo
from builder.spec.role_spec import RoleSpec

TEXT, TERRAFORM, AWS = FORMATS = ("text", "terraform", "aws")


def show_roles(roles: Sequence[RoleSpec], *, form: str, as_json: bool) -> None:
    """Write the roles in one of the formats."""
    if as_json:
        show_json(plain(list(roles)))
    elif form == TERRAFORM:
        show_json(terraform(roles))
    elif form == AWS:
        echo("\n".join(line for role in roles for line in commands(role)))
    else:
        echo("\n\n".join(text(role) for role in roles))


def text(role: RoleSpec) -> str:
    """Return what people read of a role."""
    lines = [role.name, f"  {role.description}", f"  path: {role.path}"]
    if role.permissions_boundary:
        lines.append(f"  permissions boundary: {role.permissions_boundary}")
    for what, document in (
        ("trust policy", role.trust),
        (f"policy {role.policy_name}", role.policy),
    ):
        lines += [f"  {what}:", textwrap.indent(json.dumps(document, indent=2), "    ")]
    return "\n".join(lines)


def terraform(roles: Sequence[RoleSpec]) -> Mapping[str, Any]:
    """Return a configuration of Terraform that makes the roles, as its JSON."""
    made, policies = {}, {}
    for role in roles:
        address = re.sub(r"[^A-Za-z0-9_-]", "_", role.name)
        made[address] = {
            "name": role.name,
            "path": role.path,
            "description": role.description,
            "assume_role_policy": _escaped(role.trust),
        }
        if role.permissions_boundary:
            made[address]["permissions_boundary"] = role.permissions_boundary
        policies[address] = {
            "name": role.policy_name,
            "role": f"${{aws_iam_role.{address}.id}}",
            "policy": _escaped(role.policy),
        }
    return {"resource": {"aws_iam_role": made, "aws_iam_role_policy": policies}}


def commands(role: RoleSpec) -> list[str]:
    """Return the commands of the AWS CLI that make a role; the second also changes its policy."""
    boundary = role.permissions_boundary
    create = [
        *("aws", "iam", "create-role", "--role-name", role.name, "--path", role.path),
        *("--description", role.description),
        *("--assume-role-policy-document", json.dumps(role.trust)),
        *(("--permissions-boundary", boundary) if boundary else ()),
    ]
    put = [
        *("aws", "iam", "put-role-policy", "--role-name", role.name),
        *("--policy-name", role.policy_name, "--policy-document", json.dumps(role.policy)),
    ]
    return [shlex.join(create), shlex.join(put)]


def _escaped(document: Mapping[str, Any]) -> str:
    """Return a document as text that Terraform takes for no template."""
    return json.dumps(document).replace("${", "$${").replace("%{", "%%{")
