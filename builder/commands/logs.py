"""`lambda-layer logs`: the log of a build."""

from __future__ import annotations

import click

from builder.clock import Clock
from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.logs import build_log, build_logs, find_build_of
from builder.report.log import show_line


@click.command()
@layer_name
@click.option("--follow", is_flag=True, help="Wait for a build and follow it to its end.")
@click.option("--failed", is_flag=True, help="The last build that failed.")
@click.option("--build", "build_id", metavar="ID", default="", help="The build with this id.")
@as_json
@pass_setting
def logs(
    setting: Setting, name: str, *, follow: bool, failed: bool, build_id: str, as_json: bool
) -> None:
    """Show the log of a layer's last build (of all of them, if it is for several runtimes).

    Or of another build: the one named, or the last that failed.

    On a terminal phases, steps, notes and errors have colours. With --json each line is an object
    with its kind (phase, step, note, error, text) and its text.

    \b
    Example: lambda-layer logs web --follow
             lambda-layer logs web --failed
    """
    if failed and build_id:
        raise click.UsageError("--failed and --build name two builds; use one")
    (layer,) = setting.layers((name,))
    clock = Clock()
    if failed or build_id:
        state = find_build_of(layer, build_id=build_id, failed=failed)
        lines = build_log(layer, state, follow=follow, clock=clock)
    else:
        lines = build_logs(layer, follow=follow, clock=clock)
    for line in lines:
        show_line(line, as_json=as_json)
