"""`lambda-layer diff`: what changed between two releases."""

from __future__ import annotations

import click

from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.diff import difference
from builder.report.difference import show_difference


@click.command()
@layer_name
@click.argument("old", metavar="[A]", type=click.IntRange(min=1), required=False)
@click.argument("new", metavar="[B]", type=click.IntRange(min=1), required=False)
@as_json
@pass_setting
def diff(setting: Setting, name: str, old: int | None, new: int | None, *, as_json: bool) -> None:
    """Show which packages differ between versions A and B of a layer.

    Without versions the two last releases are compared; with one, that one and the last release.

    \b
    Example: lambda-layer diff web 3 5
    """
    (layer,) = setting.layers((name,))
    versions = [version for version in (old, new) if version is not None]
    show_difference(layer, difference(layer, versions), as_json=as_json)
