"""What people and machines read; with the commands the only place that prints."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from builder.errors import LayerError
from builder.ignore import Reason
from builder.layer import Layer
from builder.plan import BUILDING, CURRENT, PINNED, UNMOVED, Plan
from builder.record import Release
from builder.report.tables import new_table, release_fields, show, show_json, styled


def progress(name: str) -> Callable[[str], None]:
    """Return a function that writes progress lines of a layer to stderr."""

    def write(line: str) -> None:
        click.echo(f"{name}: {line}", err=True)

    return write


def answer(document: dict[str, str]) -> None:
    """Write a hook's answer to stdout."""
    sys.stdout.write(json.dumps(document, sort_keys=True) + "\n")


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


def show_plans(plans: Sequence[tuple[Layer, Plan]], *, as_json: bool) -> None:
    """Write what each layer needs, and why."""
    if as_json:
        show_json([_plan(layer, plan) for layer, plan in plans])
        return
    table = new_table("layer", "status", "reason", "now", "next")
    for layer, plan in plans:
        now = f"v{plan.release.version}" if plan.release else "-"
        work = "move" if plan.status == UNMOVED else "build"
        due = "-" if plan.status in {CURRENT, PINNED} else f"{work} #{plan.token.number}"
        table.add_row(layer.name, styled(plan.status), escape(plan.reason), now, due)
    show(table)


def show_files(found: Sequence[tuple[Layer, Mapping[str, Reason]]], *, as_json: bool) -> None:
    """Write the input files of each layer, and what is left out and why."""
    if as_json:
        show_json(
            [
                {
                    "layer": layer.name,
                    "files": [file.path for file in layer.files],
                    "left_out": {path: reason.value for path, reason in left_out.items()},
                }
                for layer, left_out in found
            ]
        )
        return
    for layer, left_out in found:
        table = new_table("input", "left out because", title=layer.name)
        rows = {file.path: "" for file in layer.files}
        rows |= {path: reason.value for path, reason in left_out.items()}
        for path, reason in sorted(rows.items()):
            table.add_row(escape(path), reason)
        show(table)


def show_release(layer: Layer, release: Release, *, as_json: bool) -> None:
    """Write a release."""
    if as_json:
        show_json({"layer": layer.name, **release_fields(release)})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in release_fields(release).items():
        if value != {}:
            table.add_row(name, escape(_readable(value)))
    show(table)


def show_building(layer: Layer, plan: Plan, *, as_json: bool) -> None:
    """Write that a build was started and goes on without us."""
    if as_json:
        show_json({**_plan(layer, plan), "status": BUILDING})
        return
    click.echo(f"building; to wait for the release: lambda-layer wait {layer.name}")


def _readable(value: str | int | Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return value if isinstance(value, str) else f"{value:,}"


def _plan(layer: Layer, plan: Plan) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "status": plan.status,
        "reason": plan.reason,
        "token": str(plan.token),
        "release": release_fields(plan.release) if plan.release else None,
    }
