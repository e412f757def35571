"""`lambda-layer plan`: what is due, and why."""

from __future__ import annotations

import sys

import click

from builder.commands.options import Setting, as_json, names, pass_setting
from builder.inputs.source_files import left_out
from builder.protocol.statuses import CURRENT, PINNED
from builder.release.plan import plan
from builder.report.plan import show_files, show_plans


@click.command("plan")
@names
@click.option("--force", is_flag=True, help="Plan a rebuild of what is current too.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if a build is due.")
@click.option("--files", is_flag=True, help="Show the input files, and what is left out and why.")
@as_json
@pass_setting
def plan_command(
    setting: Setting,
    names: tuple[str, ...],
    *,
    force: bool,
    detailed_exitcode: bool,
    files: bool,
    as_json: bool,
) -> None:
    """Show which layers need a build, and why. Writes nothing.

    \b
    Example: lambda-layer plan web --detailed-exitcode
             lambda-layer plan web --files
    """
    if files:
        found = [(layer, left_out(layer.spec, layer.root)) for layer in setting.layers(names)]
        show_files(found, as_json=as_json)
        return
    plans = [(layer, plan(layer, force=force)) for layer in setting.layers(names)]
    show_plans(plans, as_json=as_json)
    if detailed_exitcode and any(found.status not in {CURRENT, PINNED} for _, found in plans):
        sys.exit(2)
