"""Names of an application in each of Terraform's workspaces: no two make the same bucket.

A workspace is another state of the same configuration (Terraform docs, "Workspaces"); without names
of its own it would find the first one's bucket, records and layers, and take them for its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from cdktf import (
    Fn,
    Op,
    Precondition,
    TerraformLocal,
    TerraformStack,
    TerraformVariable,
    Token,
)

from builder.spec.app_spec import AppSpec
from builder.spec.checks import APP_NAME

VARIABLE = "app_name"
LOCAL = "app"

DESCRIPTION = (
    "Names everything in AWS; without it, {name}, and {name}-WORKSPACE in another workspace than "
    "default"
)


@dataclass(frozen=True)
class WorkspaceApp(AppSpec):
    """An application whose names begin with an expression that is known at plan."""

    expression: str = ""

    @property
    def prefix(self) -> str:
        """What all names in AWS begin with."""
        return self.expression


def in_workspaces(stack: TerraformStack, app: AppSpec, variable: TerraformVariable) -> WorkspaceApp:
    """Return the application as it is in the workspace that is selected.

    Without the ``variable`` it has the workspace's name in its own, but in ``default``.
    """
    given = f"var.{variable.friendly_unique_id}"
    of_workspace = f'terraform.workspace == "default" ? "{app.name}" : '
    of_workspace += f'"{app.name}-${{terraform.workspace}}"'
    local = TerraformLocal(stack, LOCAL, f'${{{given} != "" ? {given} : {of_workspace}}}')
    local.override_logical_id(LOCAL)
    known = {part.name: getattr(app, part.name) for part in fields(AppSpec)}
    return WorkspaceApp(**known, expression=Token.as_string(local.expression))


def named_rightly(app: AppSpec) -> Precondition:
    """Refuse a name that a workspace or the variable makes, and AWS would not take."""
    return Precondition(
        condition=f'${{can(regex("^(?:{APP_NAME.pattern})$", local.{LOCAL}))}}',
        error_message=f"The application would be named ${{local.{LOCAL}}}, after the workspace "
        f"${{terraform.workspace}}. A name has 2 to 28 lower-case letters, digits and hyphens, a "
        f"letter first: give another one, -var {VARIABLE}={app.name}-dev.",
    )


def named_shortly(name: str, longest: int) -> Precondition:
    """Refuse the name of a service that a workspace or the variable makes too long."""
    return Precondition(
        condition=Op.lte(Fn.length_of(name), longest),
        error_message=f"The service would be named {name}, and may have {longest} characters: a "
        "bucket is named by it. Give the service, the workspace or the application a shorter name.",
    )
