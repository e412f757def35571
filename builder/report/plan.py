"""What each layer needs, as people and machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.markup import escape

from builder.layer.layer import Layer
from builder.protocol.statuses import BUILDING, CURRENT, PINNED, UNMOVED
from builder.release.plan import Plan
from builder.report.tables import new_table, release_fields, show, show_json, styled


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


def show_building(layer: Layer, plan: Plan, *, as_json: bool) -> None:
    """Write that a build was started and goes on without us."""
    if as_json:
        show_json({**_plan(layer, plan), "status": BUILDING})
        return
    click.echo(f"building; to wait for the release: lambda-layer wait {layer.name}")


def _plan(layer: Layer, plan: Plan) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "status": plan.status,
        "reason": plan.reason,
        "token": str(plan.token),
        "release": release_fields(plan.release) if plan.release else None,
    }
