"""`lambda-layer adopt`: take over a layer that exists."""

from __future__ import annotations

import click

from builder.aws.services import connect
from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.adopt import adoption_of, write_name
from builder.report.adopt import show_adoption


@click.command()
@layer_name
@click.argument("arn")
@click.option("--dry-run", is_flag=True, help="Show what it means, and write nothing.")
@as_json
@pass_setting
def adopt(setting: Setting, name: str, arn: str, *, dry_run: bool, as_json: bool) -> None:
    """Take over a layer that exists in Lambda, so that the next release follows on.

    It writes layer_name into layers.toml, which describes the layer by then. Nothing is changed in
    AWS: the layer's versions stay, those who use it go on, and neither prune nor destroy deletes
    what others have published.

    \b
    Example: lambda-layer adopt web arn:aws:lambda:eu-west-1:123456789012:layer:my-deps:7
    """
    config = setting.load()
    session = setting.session(config)
    app = config.app
    bucket = app.bucket(session.account, session.region)
    services = connect(session, bucket=bucket, project=app.project)
    adoption = adoption_of(config, services, session, name, arn)
    written = bool(adoption.line) and not dry_run and write_name(setting.config, adoption)
    show_adoption(adoption, setting.config, written=written, dry_run=dry_run, as_json=as_json)
