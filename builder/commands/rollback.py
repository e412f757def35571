"""`lambda-layer rollback` and `unpin`: go back to an earlier release, and let it go again."""

from __future__ import annotations

import click

from builder import report
from builder.clock import Clock
from builder.commands.options import Setting, as_json, confirm, layer_name, pass_setting, yes
from builder.operations.rollback import roll_back, unpinning_of
from builder.operations.rollback import unpin as let_go
from builder.operations.status import status_of
from builder.release.living import living_release
from builder.report.rollback import show_pin, show_unpinned


@click.command()
@layer_name
@click.argument("version", type=click.IntRange(min=1))
@click.option("--reason", default="", help="Why; plan and status show it.")
@yes
@as_json
@pass_setting
def rollback(
    setting: Setting, name: str, version: int, *, reason: str, yes: bool, as_json: bool
) -> None:
    """Move functions back to an earlier VERSION of a layer, and pin it there.

    The functions that layers.toml names are moved at once. Until `lambda-layer unpin` the plan
    shows the layer as pinned and builds nothing of it, and layer_arn is the pinned version, so
    functions in Terraform follow with the next apply.

    \b
    Example: lambda-layer rollback web 3 --reason "v4 cannot parse invoices"
    """
    layer, session = setting.layer(name)
    record = layer.records.load_or_new()
    release = living_release(layer, record, version)
    count = len(layer.spec.functions)
    functions = f"move {count} function{'' if count == 1 else 's'} to it"
    confirm(f"Pin {name} to version {version} of {release.published_at}, and {functions}?", yes=yes)
    pin = roll_back(
        layer,
        release,
        by=session.caller,
        reason=reason,
        clock=Clock(),
        progress=report.progress(name),
    )
    show_pin(layer, pin, status_of(layer).elsewhere, as_json=as_json)


@click.command()
@layer_name
@yes
@as_json
@pass_setting
def unpin(setting: Setting, name: str, *, yes: bool, as_json: bool) -> None:
    """Let go of a pinned layer.

    If its sources are those of the current release, the functions that layers.toml names move to
    that release at once, after a question. Otherwise they stay where they are, and the next plan
    offers the build.

    \b
    Example: lambda-layer unpin web
    """
    layer, _ = setting.layer(name)
    unpinning = unpinning_of(layer)
    if unpinning.moves_to is not None and layer.spec.functions:
        version, count = unpinning.moves_to.version, len(layer.spec.functions)
        confirm(f"Move {count} function{'' if count == 1 else 's'} to version {version}?", yes=yes)
    let_go(layer, unpinning, clock=Clock(), progress=report.progress(name))
    show_unpinned(layer, unpinning, as_json=as_json)
