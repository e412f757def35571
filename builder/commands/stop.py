"""`lambda-layer stop`: end the task of a service in order."""

from __future__ import annotations

import click

from builder import report
from builder.clock import Clock
from builder.commands.options import (
    Setting,
    as_json,
    confirm,
    pass_setting,
    service_name,
    yes,
)
from builder.operations.stop import stop
from builder.report.services import show_stop


@click.command("stop")
@service_name
@yes
@as_json
@pass_setting
def stop_command(setting: Setting, name: str, *, yes: bool, as_json: bool) -> None:
    """End the task of a service: it answers what it was asked, and saves its data.

    Functions that use it at that moment lose it. The next call of one starts another task, which
    begins with the data that was saved. Exit code 1 if the task ended without having saved all.

    \b
    Example: lambda-layer stop chroma
    """
    service = setting.service(name)
    tasks = service.tasks.running()
    if tasks:
        ids = ", ".join(task.id for task in tasks)
        confirm(f"Stop {name}, task {ids}? Functions that use it now lose it.", yes=yes)
    done = stop(service, tasks, progress=report.progress(name), clock=Clock())
    show_stop(done, as_json=as_json)
