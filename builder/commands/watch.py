"""`lambda-layer watch`: a release as it happens."""

from __future__ import annotations

import sys

import click

from builder.clock import Clock
from builder.commands.duration import seconds
from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.watch import watch
from builder.protocol.statuses import PUBLISHED
from builder.report.watch import show_views


@click.command("watch")
@layer_name
@click.option(
    "--wait",
    metavar="DURATION",
    callback=seconds("s"),
    default="10m",
    show_default=True,
    help="How long to wait for a build to begin: 90s, 5m, 1h; a number alone is seconds.",
)
@as_json
@pass_setting
def watch_command(setting: Setting, name: str, *, wait: float, as_json: bool) -> None:
    """Watch a layer being built and published, for example during `terraform apply`.

    Shows CodeBuild's phases and the step each build is at; then the sizes and the ARN. Where there
    is no terminal, or with --json, it writes a line for each thing that happens. It only looks:
    Ctrl-C ends the watching, not the build. Exit code 0: published; 1: failed, or nothing began.

    \b
    Example: lambda-layer watch web
    """
    (layer,) = setting.layers((name,))
    clock = Clock()
    last = show_views(watch(layer, wait=wait, clock=clock), clock=clock, as_json=as_json)
    sys.exit(0 if last is not None and last.stage == PUBLISHED else 1)
