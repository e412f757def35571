"""`lambda-layer retire`: the end of a layer."""

from __future__ import annotations

import click

from builder import report
from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from builder.commands.options import Setting, confirm, pass_setting, yes
from builder.operations.retire import Retirement, as_published, retire
from builder.protocol.variables import RETIRE_VARIABLE


@click.command("retire")
@yes
@click.argument("name", required=False)
@pass_setting
def retire_command(setting: Setting, name: str | None, *, yes: bool) -> None:
    """Delete the versions and objects of a layer that is no longer wanted.

    `terraform destroy` calls it with LAMBDA_LAYER_RETIRE set; by hand, name the layer. It may have
    been removed from layers.toml already.

    \b
    Example: lambda-layer retire web
    """
    retirement = Retirement.from_environment()
    if retirement is None:
        if name is None:
            raise click.UsageError(f"name a layer, or set {RETIRE_VARIABLE}")
        config = setting.load()
        app = config.app
        given = {
            layer.name: app.repository(layer.name) if layer.image else layer.layer_name
            for layer in config.layers
        }
        session = Session(
            Credentials(setting.profile, setting.role_arn), setting.region or app.region
        )
        retirement = Retirement.by_name(app, name, session, layer_name=given.get(name, ""))
        services = connect(session, bucket=retirement.bucket, project=retirement.project)
        progress = report.progress(name)
        others = {app.layer_name(other, given[other]) for other in given if other != name}
        retirement = as_published(
            services, retirement, known=name in given, progress=progress, others=others
        )
        confirm(f"Delete all versions we published of {retirement.layer_name}?", yes=yes)
    else:
        session = Session(retirement.credentials, retirement.region)
        session.require(retirement.account)
        services = connect(session, bucket=retirement.bucket, project=retirement.project)
    retire(services, retirement, progress=report.progress(retirement.layer))
