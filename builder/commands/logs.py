"""`lambda-layer logs`: the log of a build, or of the task of a service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from builder.clock import Clock
from builder.commands.options import Setting, as_json, either_name, of_service, pass_setting
from builder.operations.log_part import LogPart
from builder.operations.logs import build_log, build_logs, find_build_of
from builder.operations.service_log import service_log
from builder.report.log import show_line

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since_when(_ctx: click.Context, _option: click.Parameter, value: str) -> float:
    """Return a time in seconds since 1970: so long ago, or as ISO 8601 (UTC without a zone)."""
    text = value.strip()
    try:
        if text[-1:] in UNITS:
            ago = timedelta(**{UNITS[text[-1]]: float(text[:-1])})
            return (datetime.now(UTC) - ago).timestamp()
        found = datetime.fromisoformat(text) if text else datetime.fromtimestamp(0, UTC)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        known = "90s, 10m, 2h, 1d, or 2026-11-25T14:30:00Z"
        raise click.BadParameter(f"{value!r} is no time such as {known}") from error


@click.command()
@either_name
@click.option("--follow", is_flag=True, help="Wait for a build and follow it to its end.")
@click.option("--failed", is_flag=True, help="The last build that failed.")
@click.option("--build", "build_id", metavar="ID", default="", help="The build with this id.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="The last N lines only.")
@click.option(
    "--since",
    callback=since_when,
    metavar="TIME",
    default="",
    help="Lines since then: 10m or 2h ago, or 2026-11-25T14:30:00Z.",
)
@click.option("--filter", "text", metavar="TEXT", default="", help="Lines that have TEXT in them.")
@of_service
@as_json
@pass_setting
def logs(
    setting: Setting,
    name: str,
    *,
    follow: bool,
    failed: bool,
    build_id: str,
    is_service: bool,
    as_json: bool,
    **part: Any,
) -> None:
    """Show the log of a layer's last build (of all of them, if it is for several runtimes).

    Or of another build: the one named, or the last that failed. Of a service, the log of its last
    task; with --follow those of the tasks after it, too, until you interrupt it.

    On a terminal phases, steps, notes and errors have colours. With --json each line is an object
    with its kind (phase, step, note, error, text) and its text.

    \b
    Example: lambda-layer logs web --follow
             lambda-layer logs web --failed --tail 20
             lambda-layer logs web --since 10m --filter error
             lambda-layer logs chroma --follow
    """
    if failed and build_id:
        raise click.UsageError("--failed and --build name two builds; use one")
    clock = Clock()
    wanted = LogPart(**part)
    service = setting.service_or_layer(name, asked=is_service)
    if service is not None:
        if failed or build_id:
            raise click.UsageError(f"--failed and --build are of builds, and {name} is a service")
        for line in service_log(service, follow=follow, clock=clock, part=wanted):
            show_line(line, as_json=as_json)
        return
    (layer,) = setting.layers((name,))
    if failed or build_id:
        state = find_build_of(layer, build_id=build_id, failed=failed)
        lines = build_log(layer, state, follow=follow, clock=clock, part=wanted)
    else:
        lines = build_logs(layer, follow=follow, clock=clock, part=wanted)
    for line in lines:
        show_line(line, as_json=as_json)
