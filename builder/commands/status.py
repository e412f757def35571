"""`lambda-layer status`: what is published, building or failed, and who uses it."""

from __future__ import annotations

import sys

import click

from builder.commands.options import Setting, as_json, names, pass_setting
from builder.operations.status import status_of
from builder.report.status import show_status


@click.command()
@names
@as_json
@pass_setting
def status(setting: Setting, names: tuple[str, ...], *, as_json: bool) -> None:
    """Show layers, their builds, and the functions on which version.

    A layer that is named also shows all of its releases. Functions on another version than the
    current (or pinned) one are marked old; a published version of a function keeps its layers for
    ever. Exit code 1 if there is no bucket, because the stack is not applied in this account and
    region.

    \b
    Example: lambda-layer status web --json
    """
    found = [status_of(layer) for layer in setting.layers(names)]
    show_status(found, as_json=as_json, releases=bool(names))
    if not all(layer.has_bucket for layer in found):
        sys.exit(1)
