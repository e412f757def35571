"""What a deployment would do, does, and has done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from builder.operations.terraform import Changes
from builder.operations.watch import View
from builder.report.tables import is_narrow, new_table, show, show_json, styled
from builder.report.terminal import echo, say
from builder.report.watch import events, sentence

SHOWN = 20
"""Resources of a plan that are listed."""

MARKS = (("add", "+"), ("change", "~"), ("remove", "-"))


def show_changes(changes: Changes) -> None:
    """Write to stderr which resources a plan changes."""
    lines = [f"  {mark} {name}" for what, mark in MARKS for name in getattr(changes, what)]
    for line in lines[:SHOWN]:
        echo(line, err=True)
    if len(lines) > SHOWN:
        echo(f"  and {len(lines) - SHOWN} more", err=True)
    counts = ", ".join(f"{count} to {what}" for what, count in changes.counts().items())
    echo(f"Terraform: {counts}", err=True)


def follower() -> Callable[[View | None, View], None]:
    """Return what writes what happens to a layer to stderr, whole lines from several threads."""
    lock = threading.Lock()

    def write(last: View | None, view: View) -> None:
        with lock:
            for event in events(last, view):
                say(sentence(event))

    return write


def show_deployed(
    result: str, changes: Changes, layers: Mapping[str, Any], *, folder: str, as_json: bool
) -> None:
    """Write what a deployment has done, and the ARNs."""
    if as_json:
        show_json(
            {"result": result, "folder": folder, "changes": changes.counts(), "layers": layers}
        )
        return
    if not layers:
        return
    # Where there is no room beside it, an ARN stands on a line by itself, so that it can be copied.
    columns = (
        ("layer", "status", "version") if is_narrow() else ("layer", "status", "version", "ARN")
    )
    table = new_table(*columns)
    arns = [found.get("image_uri") or found.get("layer_arn") or "-" for found in layers.values()]
    for (name, found), arn in zip(layers.items(), arns, strict=True):
        row = (name, styled(found["status"]), str(found.get("version") or "-"), arn)
        table.add_row(*row[: len(columns)])
    show(table)
    if is_narrow():
        show(*(arn for arn in arns if arn != "-"))
