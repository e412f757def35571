"""Hybrid services, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from builder.hybrid.state import RUNNING, STARTING, STOPPED, STOPPING, moment
from builder.operations import service_status as words
from builder.operations.service_leftovers import Leftovers
from builder.operations.service_status import ServiceStatus
from builder.operations.stop import Stop
from builder.report.tables import megabytes, new_table, plural, show, show_json
from builder.report.terminal import clean

COLOURS = {
    RUNNING: "green",
    STOPPED: "green",
    STARTING: "cyan",
    STOPPING: "cyan",
    words.NOT_APPLIED: "yellow",
    words.GONE: "yellow",
    words.UNKNOWN: "yellow",
    words.FAILED: "red",
}


def show_services(found: Sequence[ServiceStatus]) -> None:
    """Write how services are; nothing when there are none."""
    if not found:
        return
    show("", _services(found))
    remarks = [remark for status in found for remark in _remarks(status)]
    if remarks:
        show("", *remarks)


def service_fields(status: ServiceStatus) -> dict[str, Any]:
    """Return what machines read of a service; sizes in bytes, times in ISO 8601 (UTC)."""
    service, state = status.service, status.state
    last = state.snapshots[0] if state.snapshots else None
    return {
        "service": service.name,
        "account": service.account,
        "region": service.region,
        "bucket": service.store.bucket if status.is_applied else None,
        "log_group": service.log_group,
        "status": status.word,
        "reason": status.reason,
        "image": {"name": _image(status), "status": status.image.word},
        "generation": state.generation,
        "task": state.task if status.running else "",
        "since": status.since,
        "endpoint": status.endpoint,
        "saved": moment(state.saved),
        "snapshot": {"key": last.key, "size": last.size, "taken": moment(last.taken)}
        if last
        else None,
        "other_tasks": [task.arn for task in status.beside],
        "unseen": list(status.unseen),
    }


def show_stop(done: Stop, *, as_json: bool) -> None:
    """Write what was ended, and what the next task begins with."""
    state, name = done.state, done.service.name
    last = state.snapshots[0] if state.snapshots else None
    if as_json:
        tasks = [{"task": task.arn, "exit_code": task.exit_code} for task in done.tasks]
        saved = {"saved": moment(state.saved), "snapshot": last.key if last else None}
        show_json({"service": name, "stopped": tasks, "phase": state.phase, **saved})
        return
    if not done.tasks:
        show(f"no task of {name} runs")
    for task in done.tasks:
        show(f"task {escape(task.id)} of {name} has ended")
    if last is not None:
        size, taken = megabytes(last.size), moment(last.taken)
        show(f"the next one begins with the snapshot of {taken}, {size}")


def show_leftovers(leftovers: Leftovers, *, done: bool, as_json: bool) -> None:
    """Write what a service leaves behind, and whether it is deleted."""
    name, snapshots, revisions = leftovers.service.name, leftovers.snapshots, leftovers.revisions
    if as_json:
        going = {"snapshots": list(snapshots), "revisions": list(revisions)}
        images = [
            {**asdict(v.image), "stays": v.stays, "goes": not v.stays} for v in leftovers.images
        ]
        more = {"images": images} if images else {}
        show_json({"service": name, "done": done, **going, **more, "kept": list(leftovers.kept)})
        return
    table = _leftovers(leftovers, done=done)
    if table.row_count:
        show(table, "")
    summary = f"{plural(len(snapshots), 'snapshot')}, {plural(len(revisions), 'revision')}"
    if leftovers.images:
        freed = megabytes(sum(image.size for image in leftovers.going))
        summary += f", {plural(len(leftovers.going), 'image')} of {freed}"
    if not (snapshots or revisions or leftovers.going):
        show("nothing to delete")
    elif done:
        show(f"deleted {summary}")
    else:
        show(f"{summary} would go; run it again with --yes to delete them")


def _leftovers(leftovers: Leftovers, *, done: bool) -> Table:
    table = new_table("what", "", "because")
    for key in leftovers.kept:
        table.add_row(escape(key), "[green]stays[/]", "the state names it, or a task may yet")
    fate = "[red]deleted[/]" if done else "[yellow]goes[/]"
    for key in leftovers.snapshots:
        table.add_row(escape(key), fate, "no state names it")
    for arn in leftovers.revisions:
        table.add_row(escape(arn.rpartition("/")[2]), fate, "deregistered")
    for verdict in leftovers.images:
        what = f"image {', '.join(verdict.image.tags)} of {verdict.image.pushed}"
        end = "[green]stays[/]" if verdict.stays else fate
        table.add_row(escape(what), end, escape(verdict.stays) or "old, and no task can have it")
    return table


def _services(found: Sequence[ServiceStatus]) -> Table:
    table = new_table(
        *("service", "status", "image", "since", "endpoint", "last snapshot", "size", "because"),
        title="Services",
    )
    for status in found:
        last = status.state.snapshots[0] if status.state.snapshots else None
        table.add_row(
            status.service.name,
            f"[{COLOURS[status.word]}]{status.word}[/]",
            escape(_image(status)) + " [red]missing[/]" * (status.image.word == words.MISSING),
            status.since or "-",
            escape(status.endpoint) or "-",
            (last and moment(last.taken)) or "-",
            megabytes(last.size if last else None),
            escape(clean(status.reason)) or "-",
        )
    return table


def _image(status: ServiceStatus) -> str:
    spec = status.service.spec
    return spec.image or spec.image_tag or status.image.name or spec.layer


def _remarks(status: ServiceStatus) -> list[str]:
    service, name = status.service, status.service.name
    remarks = [f"{name}: {escape(seen)}" for seen in status.unseen]
    if not status.is_applied:
        return [*remarks, f"{name}: there is no bucket {service.store.bucket}: apply the stack"]
    is_missing, layer = status.image.word == words.MISSING, service.spec.layer
    if is_missing and layer:
        remarks.append(
            f"{name}: no image of its layer {layer} is there that tasks can be started from: plan "
            f"and apply (lambda-layer status {layer})"
        )
    elif is_missing:
        remarks.append(
            f"{name}: its repository {service.full_name} has no image with the tag "
            f"{service.spec.image_tag}: build and push it (docs/hybrid.md)"
        )
    if status.image.old:
        remarks.append(
            f"{name}: its task runs {status.image.old}, and the next one {status.image.name}: the "
            f"one that runs ends by itself, or with: lambda-layer stop {name}"
        )
    if status.word == words.FAILED:
        remarks.append(f"{name}: its last task did not start; its log: lambda-layer logs {name}")
    for task in status.beside:
        remarks.append(
            f"{name}: task {escape(task.id)} runs and does not have the service: it ends by "
            f"itself, or with: lambda-layer stop {name}"
        )
    return remarks
