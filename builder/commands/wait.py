"""`lambda-layer wait`: wait for the release that an apply has started (async mode)."""

from __future__ import annotations

import click

from builder import report
from builder.clock import Clock
from builder.commands.duration import seconds
from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.wait import wait_for_release
from builder.report.release import show_release


@click.command()
@layer_name
@click.option(
    "--timeout",
    callback=seconds("m"),
    default="90m",
    show_default=True,
    metavar="DURATION",
    help="Give up after that long: 90s, 20m, 1h; a number alone is minutes.",
)
@as_json
@pass_setting
def wait(setting: Setting, name: str, *, timeout: float, as_json: bool) -> None:
    """Wait until a layer's build, started in async mode, has been released.

    Reads only. Exits with 0 when the layer is released, with 1 when its build failed (and shows the
    end of its log), when it is not released, or after the timeout.

    \b
    Example: lambda-layer wait web --timeout 20m
    """
    (layer,) = setting.layers((name,))
    release = wait_for_release(
        layer, timeout=timeout, progress=report.progress(name), clock=Clock()
    )
    show_release(layer, release, as_json=as_json)
