"""An error on stderr, as people and machines read it."""

from __future__ import annotations

import traceback

from builder.errors import LayerError
from builder.report.terminal import echo


def show_error(error: LayerError, *, as_json: bool, debug: bool) -> None:
    """Write one error to stderr, as people or machines want it."""
    if debug:
        echo("".join(traceback.format_exception(error)).rstrip("\n"), err=True)
    if as_json:
        echo(error.to_json(), err=True)
        return
    first, _, rest = str(error).partition("\n")
    echo(first, err=True, mark="ERROR: ", fg="red", bold=True)
    if rest:
        echo(rest, err=True)
