"""`lambda-layer build`: build and publish by hand."""

from __future__ import annotations

import os

import click

from builder import report
from builder.commands.options import Setting, as_json, pass_setting
from builder.errors import LayerError
from builder.release.mode import mode_of
from builder.release.plan import CURRENT, PINNED, plan
from builder.release.release import Order, advance, ensure


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Build and publish even if nothing changed.")
@click.option(
    "--wait/--no-wait",
    "waits",
    default=None,
    help="Wait for the build, or leave it to the publisher function; default: layers.toml, "
    "then --wait.",
)
@as_json
@pass_setting
def build(setting: Setting, name: str, *, force: bool, waits: bool | None, as_json: bool) -> None:
    """Build and publish one layer by hand, if it needs it.

    Terraform learns of the release at its next plan.

    \b
    Example: lambda-layer build web
             lambda-layer build web --no-wait && lambda-layer wait web
    """
    app = setting.load().app
    mode = mode_of(waits, app.sync_mode, os.environ)
    (layer,) = setting.layers((name,))
    planned = plan(layer, force=force, waits=mode.waits)
    if planned.status == PINNED:
        raise LayerError(
            f"layer {name!r} is pinned",
            where=planned.reason,
            expected="a layer that is not pinned",
            fix=f"release it first: lambda-layer unpin {name}",
        )
    if planned.status == CURRENT and planned.release is not None:
        report.show_release(layer, planned.release, as_json=as_json)
        return
    progress = report.progress(name)
    progress(f"{planned.status}: {planned.reason}")
    order = Order(planned.token, planned.reason, fresh=force, debug=setting.debug)
    release = (ensure if mode.waits else advance)(layer, order, progress=progress)
    if release is None:
        if not app.has_publisher:
            progress("there is no publisher (docs/async.md): run this again when the build ended")
        report.show_building(layer, planned, as_json=as_json)
        return
    report.show_release(layer, release, as_json=as_json)
