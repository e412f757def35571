"""`lambda-layer roles`: the roles that an application needs."""

from __future__ import annotations

import re

import click

from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.wanted_roles import wanted_roles
from builder.documents import LARGEST
from builder.report.roles import AWS, FORMATS, TERRAFORM, TEXT, show_roles
from builder.report.terminal import say
from builder.spec.role_spec import check_policies, roles_of_plan

MADE = (
    'NOTE: the stack makes these roles itself. With roles = "existing" in [app] it leaves them to '
    "others, and they have other names"
)


@click.command("roles")
@click.option(
    "--account",
    metavar="ID",
    help="The account of the roles; default: that of the credentials. With it AWS is not called.",
)
@click.option(
    "--plan",
    "plan",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Take them from what `terraform show -json` writes of a plan, - for stdin: of the module "
    "for HCL, or of a stack of your own.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=TEXT,
    help=f"{TEXT} to read, {TERRAFORM} for a *.tf.json, {AWS} for commands of the AWS CLI.",
)
@as_json
@pass_setting
def roles(
    setting: Setting, *, account: str | None, plan: str | None, form: str, as_json: bool
) -> None:
    """Say what each role of the application has to be, for who makes roles by hand.

    Name, path, trust policy, policy and permissions boundary are what the stack would make itself.
    It writes nothing. It needs the extra `cdktf` and Node.js, unless --plan is given.

    \b
    Example: lambda-layer roles
             lambda-layer roles --format terraform > roles.tf.json
    """
    if account is not None and not re.fullmatch("[0-9]{12}", account):
        raise click.BadParameter(f"{account!r} has not 12 digits", param_hint="--account")
    if plan is not None:
        with click.open_file(plan, "rb") as file:
            content = file.read(LARGEST + 1)
        found = roles_of_plan(content, "standard input" if plan == "-" else plan)
        made_by_stack = False
    else:
        config = setting.load()
        found = wanted_roles(setting, setting.session(config), account or "")
        made_by_stack = config.app.makes_roles
    check_policies(found)
    show_roles(found, form=form, as_json=as_json)
    if made_by_stack:
        say(MADE)
