"""`lambda-layer plan`: what is due, and why."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

import click

from builder.commands.options import Setting, as_json, names, pass_setting
from builder.errors import RecordError, SourceError
from builder.inputs.source_files import left_out
from builder.layer.layer import Layer
from builder.protocol.statuses import CURRENT, PINNED
from builder.release.foreseen import foreseen
from builder.release.plan import Plan, plan
from builder.report.plan import show_files, show_plans
from builder.report.plan_formats import show_github, show_markdown


@click.command("plan")
@names
@click.option("--force", is_flag=True, help="Plan a rebuild of what is current too.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if a build is due.")
@click.option("--files", is_flag=True, help="Show the input files, and what is left out and why.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown", "github"]),
    help="json is --json; markdown is for a comment; github writes notices, and in GitHub Actions "
    "the step's summary and its outputs 'due' and 'layers'.",
)
@as_json
@pass_setting
def plan_command(
    setting: Setting,
    names: tuple[str, ...],
    *,
    force: bool,
    detailed_exitcode: bool,
    files: bool,
    form: str | None,
    as_json: bool,
) -> None:
    """Show which layers need a build, and why. Writes nothing.

    For layers that are due it predicts the size, as Terraform's plan does, with the other layers of
    the functions that they name; `size_check = "off"` leaves that out.

    \b
    Example: lambda-layer plan web --detailed-exitcode
             lambda-layer plan web --files
             lambda-layer plan --format markdown
    """
    if form and as_json and form != "json":
        raise click.UsageError(f"--json and --format {form} are two formats")
    as_json = as_json or form == "json"
    if files and form in {"markdown", "github"}:
        raise click.UsageError(f"--files has no --format {form}")
    if files:
        found = [(layer, left_out(layer.spec, layer.root)) for layer in setting.layers(names)]
        show_files(found, as_json=as_json)
        return
    plans = [(layer, plan(layer, force=force)) for layer in setting.layers(names)]
    sizes = foreseen([*plans, *_neighbours(setting, plans)])
    if form == "markdown":
        show_markdown(plans, sizes)
    elif form == "github":
        show_github(plans, sizes, os.environ)
    else:
        show_plans(plans, sizes, as_json=as_json)
    if detailed_exitcode and any(found.status not in {CURRENT, PINNED} for _, found in plans):
        sys.exit(2)


def _neighbours(setting: Setting, plans: Sequence[tuple[Layer, Plan]]) -> list[tuple[Layer, Plan]]:
    """Return the plans of other layers for the same functions, whose sizes count too."""
    found = []
    for layer in setting.neighbours([layer for layer, _ in plans]):
        # One that was not asked about, and cannot be planned, is not counted.
        with contextlib.suppress(SourceError, RecordError):
            found.append((layer, plan(layer)))
    return found
