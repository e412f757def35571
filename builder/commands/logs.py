"""`lambda-layer logs`: the log of a build."""

from __future__ import annotations

import click

from builder.buildlog import build_log
from builder.clock import Clock
from builder.commands.options import Setting, pass_setting


@click.command()
@click.argument("name")
@click.option("--follow", is_flag=True, help="Wait for a build and follow it to its end.")
@pass_setting
def logs(setting: Setting, name: str, *, follow: bool) -> None:
    """Show the log of a layer's last build.

    \b
    Example: lambda-layer logs web --follow
    """
    (layer,) = setting.layers((name,))
    for line in build_log(layer, follow=follow, clock=Clock()):
        click.echo(line)
