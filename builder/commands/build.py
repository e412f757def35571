"""`lambda-layer build`: build and publish by hand."""

from __future__ import annotations

import click

from builder import report
from builder.commands.options import Setting, as_json, pass_setting
from builder.errors import LayerError
from builder.plan import CURRENT, PINNED, plan
from builder.release import Order, ensure


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Build and publish even if nothing changed.")
@as_json
@pass_setting
def build(setting: Setting, name: str, *, force: bool, as_json: bool) -> None:
    """Build and publish one layer by hand, if it needs it.

    Terraform learns of the release at its next plan.

    \b
    Example: lambda-layer build web
    """
    (layer,) = setting.layers((name,))
    planned = plan(layer, force=force)
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
    release = ensure(layer, order, progress=progress)
    report.show_release(layer, release, as_json=as_json)
