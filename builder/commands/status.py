"""`lambda-layer status`: what is published, building or failed."""

from __future__ import annotations

import click

from builder import report
from builder.commands.options import Setting, as_json, names, pass_setting


@click.command()
@names
@as_json
@pass_setting
def status(setting: Setting, names: tuple[str, ...], *, as_json: bool) -> None:
    """Show what is published, building or failed.

    \b
    Example: lambda-layer status --json
    """
    layers = setting.layers(names)
    report.show_status([(layer, layer.records.load()) for layer in layers], as_json=as_json)
