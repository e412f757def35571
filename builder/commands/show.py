"""`lambda-layer show`: what is in a layer."""

from __future__ import annotations

import click

from builder.commands.options import Setting, as_json, layer_name, of_release, pass_setting
from builder.operations.contents import contents_of
from builder.report.contents import show_contents


@click.command("show")
@layer_name
@of_release
@as_json
@pass_setting
def show_command(setting: Setting, name: str, *, version: int | None, as_json: bool) -> None:
    """Show the packages in a release, their sizes, and the share of Lambda's limit.

    \b
    Example: lambda-layer show web --release 3
    """
    (layer,) = setting.layers((name,))
    show_contents(layer, contents_of(layer, version), as_json=as_json)
