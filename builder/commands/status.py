"""`lambda-layer status`: what is published, building or failed, and who uses it."""

from __future__ import annotations

import sys

import click

from builder.commands.options import Setting, as_json, either_names, pass_setting
from builder.operations.service_status import service_status
from builder.operations.status import beside_each_other, status_of
from builder.operations.timing import timing_of
from builder.report.status import show_status


@click.command()
@either_names
@as_json
@click.option("--timing", is_flag=True, help="Show where the time of the last releases went.")
@pass_setting
def status(setting: Setting, names: tuple[str, ...], *, as_json: bool, timing: bool) -> None:
    """Show layers, their builds, the functions on which version, and services.

    A layer that is named also shows all of its releases. Functions on another version than the
    current (or pinned) one are marked old; a published version of a function keeps its layers for
    ever. Where a function has other layers, too, their bytes unzipped are added up. With --timing
    also the phases of the last builds, as CodeBuild measured them, and the steps from the end of
    the last build to the moved functions. Of a service: whether its image is there, its task, its
    endpoint and its last snapshot. Exit code 1 if there is no bucket, because the stack is not
    applied in this account and region.

    \b
    Example: lambda-layer status web --timing
    """
    found = [status_of(layer) for layer in setting.layers_among(names)]
    times = [timing_of(layer) for layer in found] if timing else []
    if all(layer.has_bucket for layer in found):
        neighbours = setting.neighbours([status.layer for status in found])
        found = beside_each_other(found, neighbours)
    services = [service_status(service) for service in setting.services(names)]
    show_status(found, services, as_json=as_json, releases=bool(names), times=times)
    if not all(layer.has_bucket for layer in found) or not all(one.is_applied for one in services):
        sys.exit(1)
