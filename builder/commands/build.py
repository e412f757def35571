"""`lambda-layer build`: build and publish by hand."""

from __future__ import annotations

import click

from builder import report
from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.errors import LayerError
from builder.protocol.statuses import CURRENT, PINNED
from builder.release.plan import plan
from builder.release.release import Order, advance, ensure
from builder.report.plan import show_building
from builder.report.release import show_release


@click.command()
@layer_name
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
    (layer,) = setting.layers((name,))
    if waits is None:
        # As an apply does (builder/hook.py).
        waits = app.sync_mode is not False or layer.spec.supervisor
    planned = plan(layer, force=force, waits=waits)
    if planned.status == PINNED:
        raise LayerError(
            f"layer {name!r} is pinned",
            where=planned.reason,
            expected="a layer that is not pinned",
            fix=f"release it first: lambda-layer unpin {name}",
        )
    if planned.status == CURRENT and planned.release is not None:
        show_release(layer, planned.release, as_json=as_json)
        return
    progress = report.progress(name)
    progress(f"{planned.status}: {planned.reason}")
    order = Order(planned.token, planned.reason, fresh=force, debug=setting.debug)
    release = (ensure if waits else advance)(layer, order, progress=progress)
    if release is None:
        if not app.has_publisher:
            progress("there is no publisher (docs/async.md): run this again when the build ended")
        show_building(layer, planned, as_json=as_json)
        return
    show_release(layer, release, as_json=as_json)
