"""What people and machines read; with cli.py the only place that prints."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from builder.errors import LayerError
from builder.layer import Layer
from builder.plan import Plan
from builder.record import Record, Release

STYLES = {
    "current": "green",
    "published": "green",
    "stale": "yellow",
    "missing": "yellow",
    "forced": "yellow",
    "building": "cyan",
    "failed": "red",
}

PIPE_WIDTH = 1000


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
        _json([_plan(layer, plan) for layer, plan in plans])
        return
    table = _table("layer", "status", "reason", "now", "next")
    for layer, plan in plans:
        now = f"v{plan.release.version}" if plan.release else "-"
        due = "-" if plan.status == "current" else f"build #{plan.token.number}"
        table.add_row(layer.name, _styled(plan.status), escape(plan.reason), now, due)
    _print(table)


def show_release(layer: Layer, release: Release, *, as_json: bool) -> None:
    """Write a release."""
    if as_json:
        _json({"layer": layer.name, **_release(release)})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _release(release).items():
        table.add_row(name, escape(value) if isinstance(value, str) else f"{value:,}")
    _print(table)


def show_building(layer: Layer, plan: Plan, *, as_json: bool) -> None:
    """Write that a build was started and goes on without us."""
    if as_json:
        _json({**_plan(layer, plan), "status": "building"})
        return
    click.echo(f"building; to wait for the release: lambda-layer wait {layer.name}")


def show_status(rows: Sequence[tuple[Layer, Record | None]], *, as_json: bool) -> None:
    """Write what is remembered of each layer."""
    if as_json:
        _json([_status(layer, record) for layer, record in rows])
        return
    table = _table("layer", "status", "version", "packages", "unzipped", "zipped", "published")
    for layer, record in rows:
        row = _status(layer, record)
        release = row["release"] or {}
        table.add_row(
            layer.name,
            _styled(row["status"]) + (f" ({escape(row['failure'])})" if row["failure"] else ""),
            release.get("layer_arn", "-"),
            str(release.get("packages", "-")),
            megabytes(release.get("unzipped_size")),
            megabytes(release.get("zipped_size")),
            release.get("published_at", "-"),
        )
    _print(table)


def megabytes(size: int | None) -> str:
    """Return a size in megabytes (10^6 bytes), for reading."""
    return "-" if size is None else f"{size / 1e6:.1f} MB"


def _plan(layer: Layer, plan: Plan) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "status": plan.status,
        "reason": plan.reason,
        "token": str(plan.token),
        "release": _release(plan.release) if plan.release else None,
    }


def _release(release: Release) -> dict[str, Any]:
    return {
        "layer_arn": release.layer_arn,
        "version": release.version,
        "fingerprint": release.fingerprint,
        "packages": release.packages,
        "unzipped_size": release.unzipped_size,
        "zipped_size": release.zipped_size,
        "reason": release.reason,
        "build_id": release.build_id,
        "published_at": release.published_at,
    }


def _status(layer: Layer, record: Record | None) -> dict[str, Any]:
    current = record.current if record else None
    attempt = record.attempt if record else None
    status = "published" if current else "missing"
    if attempt is not None:
        status = "failed" if attempt.failure else "building"
    return {
        "layer": layer.name,
        "status": status,
        "failure": attempt.failure if attempt else "",
        "build_id": attempt.build_id if attempt else "",
        "release": _release(current) if current else None,
    }


def _styled(status: str) -> str:
    return f"[{STYLES.get(status, 'white')}]{status}[/]"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(table: Table) -> None:
    # A pipe has no width: what is searched for must stand on one line.
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    console.print(table)


def _json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2))
