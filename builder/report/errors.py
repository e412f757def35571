"""An error on stderr, as people and machines read it."""

from __future__ import annotations

import traceback

import click

from builder.errors import LayerError


def show_error(error: LayerError, *, as_json: bool, debug: bool) -> None:
    """Write one error to stderr, as people or machines want it."""
    if debug:
        traceback.print_exception(error)
    if as_json:
        click.echo(error.to_json(), err=True)
        return
    first, _, rest = str(error).partition("\n")
    click.echo(click.style("ERROR: ", fg="red", bold=True) + first, err=True)
    if rest:
        click.echo(rest, err=True)
