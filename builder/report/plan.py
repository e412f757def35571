"""What each layer needs, as people and machines read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from builder.inputs.ignore import Reason
from builder.layer.layer import Layer
from builder.protocol.statuses import AT_REST, BUILDING, CURRENT, UNMOVED
from builder.release.plan import Plan
from builder.report.tables import new_table, release_fields, show, show_json, styled
from builder.report.terminal import echo


def show_plans(plans: Sequence[tuple[Layer, Plan]], *, as_json: bool) -> None:
    """Write what each layer needs, and why."""
    if as_json:
        show_json([_plan(layer, plan) for layer, plan in plans])
        return
    table = new_table("layer", "status", "reason", "now", "next")
    for layer, plan in plans:
        why, now, due = summary(plan)
        table.add_row(layer.name, styled(plan.status), escape(why), now, due)
    show(table)


def summary(plan: Plan) -> tuple[str, str, str]:
    """Return the reason, the version that there is and what comes next, "-" for none."""
    why = "nothing changed since then" if plan.status == CURRENT else plan.reason
    now = f"v{plan.release.version}" if plan.release else "-"
    work = "move" if plan.status == UNMOVED else "build"
    return why, now, "-" if plan.status in AT_REST else f"{work} #{plan.token.number}"


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


def show_building(layer: Layer, plan: Plan, *, as_json: bool) -> None:
    """Write that a build was started and goes on without us."""
    if as_json:
        show_json({**_plan(layer, plan), "status": BUILDING})
        return
    echo(f"building; to wait for the release: lambda-layer wait {layer.name}")


def _plan(layer: Layer, plan: Plan) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "status": plan.status,
        "reason": plan.reason,
        "token": str(plan.token),
        "release": release_fields(plan.release) if plan.release else None,
    }
