"""How layers are, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from builder.aws.functions import Use
from builder.documents import plain
from builder.layer.record import Release
from builder.operations.service_status import ServiceStatus
from builder.operations.status import Status
from builder.operations.timing import Timing
from builder.protocol.statuses import FAILED
from builder.report.services import service_fields, show_services
from builder.report.tables import (
    is_narrow,
    megabytes,
    new_table,
    release_fields,
    show,
    show_json,
    styled,
    use_fields,
)
from builder.report.timing import show_timing, timing_fields
from builder.sizes.model import WARNING_SHARE
from builder.spec.runtimes import UNZIPPED_LIMIT


def show_status(
    found: Sequence[Status],
    services: Sequence[ServiceStatus] = (),
    *,
    as_json: bool,
    releases: bool,
    times: Sequence[Timing] = (),
) -> None:
    """Write how layers and services are; ``releases`` lists all and not only the current one.

    ``times`` are where the time of each of these layers went, none where that was not asked.
    """
    if as_json:
        fields = [status_fields(status) for status in found]
        for layer, timing in zip(fields, times, strict=False):
            layer["timing"] = timing_fields(timing)
        show_json([*fields, *map(service_fields, services)])
        return
    if found or not services:
        _show_layers(found, releases=releases, times=times)
    show_services(services)


def _show_layers(found: Sequence[Status], *, releases: bool, times: Sequence[Timing]) -> None:
    narrow = is_narrow()
    show(*_places(found), "", _layers(found, narrow=narrow))
    if narrow:
        show(*(s.wanted.address for s in found if s.wanted is not None))
    if any(status.build and status.build.running for status in found):
        show("", _builds(found))
    if releases and any(status.record.releases for status in found):
        show("", _releases(found))
    if any(status.uses or status.idle for status in found if not status.unseen):
        show("", _functions(found))
    show_timing(times)
    remarks = _remarks(found)
    if remarks:
        show("", *remarks)


def _places(found: Sequence[Status]) -> list[str]:
    sites = dict.fromkeys((s.layer.site.account, s.layer.site.region) for s in found)
    return [f"account {account}, region {region}" for account, region in sites]


def status_fields(status: Status) -> dict[str, Any]:
    """Return what machines read of a layer."""
    record, build = status.record, status.build
    attempt, pin = record.attempt, record.pinned
    return {
        "layer": status.layer.name,
        "account": status.layer.site.account,
        "region": status.layer.site.region,
        "bucket": status.layer.site.bucket if status.has_bucket else None,
        "status": status.word,
        "failure": status.failure,
        "build_id": attempt.build_id if attempt else "",
        "builds": dict(attempt.builds) if attempt else {},
        "build": {"id": build.id, "status": build.status, "phase": build.phase} if build else None,
        "release": release_fields(record.current) if record.current else None,
        "lease": plain(record.lease) if record.lease else None,
        "pinned": {**plain(pin), "release": release_fields(pin.release)} if pin else None,
        "shared_with": None if status.shared is None else sorted(status.shared),
        "parameters": list(record.sharing.parameters) if record.sharing else [],
        "releases": [release_fields(release) for release in record.releases],
        "functions": None
        if status.unseen
        else [
            {**use_fields(use), "old": status.is_old(use), **_load_fields(status, use)}
            for use in status.uses
        ],
        "functions_without": None if status.unseen else list(status.idle),
        "together": {
            "function": status.together.function,
            "layers": list(status.together.layers),
            "unzipped_size": status.together.size,
            "fits": status.together.fits,
        }
        if status.together
        else None,
    }


def _load_fields(status: Status, use: Use) -> dict[str, Any]:
    load = status.loads.get(use.function) if use.is_latest else None
    return {"all_layers": asdict(load) if load else None}


def _layers(found: Sequence[Status], *, narrow: bool) -> Table:
    """Return a row for each layer; where they are narrow, the ARNs have lines of their own."""
    table = new_table("layer", "status", "version", "packages", "unzipped", "zipped", "published")
    for status in found:
        release = status.wanted
        table.add_row(
            status.layer.name,
            styled(status.word),
            _version(release, narrow=narrow),
            str(release.packages) if release else "-",
            megabytes(release.unzipped_size if release else None),
            megabytes(release.zipped_size if release else None),
            release.published_at if release else "-",
        )
    return table


def _version(release: Release | None, *, narrow: bool) -> str:
    if release is None:
        return "-"
    return str(release.version) if narrow else release.address


def _remarks(found: Sequence[Status]) -> list[str]:
    """Return what does not fit into a table: why builds failed, who pinned what."""
    missing = dict.fromkeys(s.layer.site.bucket for s in found if not s.has_bucket)
    remarks = [
        f"there is no bucket {bucket}: apply the stack, or correct the account or the region "
        f"(--region, AWS_REGION, {escape('[app]')} region)"
        for bucket in missing
    ]
    for status in found:
        name, pin = status.layer.name, status.record.pinned
        if status.failure:
            remarks.append(f"{name}: {styled(FAILED)}: {escape(status.failure)}")
        if status.state is not None and status.state.failed:
            remarks.append(
                f"its log: lambda-layer logs {name} --failed; the next apply tries again"
            )
        if pin is not None:
            remarks.append(f"{name}: {escape(str(pin))}; until: lambda-layer unpin {name}")
        if status.record.lease is not None:
            remarks.append(f"{name}: {escape(status.record.lease.owner)} is publishing it")
        remarks += _shares(status)
        if status.unseen:
            remarks.append(f"functions of {name} are not known: {escape(status.unseen)}")
    # Each layer of a function says the same.
    each = [status.together for status in found if status.together]
    shared = {(one.function, frozenset(one.layers)): one for one in reversed(each)}
    return [*remarks, *(escape(str(one)) for one in reversed(shared.values()))]


def _shares(status: Status) -> list[str]:
    name, spec, sharing = status.layer.name, status.layer.spec, status.record.sharing
    lines = []
    if status.shared is not None:
        lines.append(f"{name} is shared with {', '.join(sorted(status.shared)) or 'nobody'}")
        lacking = [whom for whom in spec.share if whom not in status.shared]
        if lacking and status.wanted is not None:
            lines.append(
                f"{name}: version {status.wanted.version} is not shared with {', '.join(lacking)}"
            )
    if sharing and sharing.parameters:
        lines.append(f"parameter {', '.join(sharing.parameters)} has the ARN of {name}")
    return lines


def _builds(found: Sequence[Status]) -> Table:
    table = new_table("layer", "build", "phase", "seconds", "because", title="Running builds")
    for status in found:
        build, attempt = status.build, status.record.attempt
        if build is None or attempt is None or not build.running:
            continue
        phase = build.phase.lower().replace("_", " ")
        because = escape(attempt.reason)
        table.add_row(status.layer.name, build.id, phase, f"{build.seconds:.0f}", because)
    return table


def _releases(found: Sequence[Status]) -> Table:
    table = new_table(
        "layer", "version", "published", "packages", "unzipped", "zipped", "because",
        title="Releases",
    )  # fmt: skip
    for status in found:
        for release in status.record.releases:
            is_wanted = release == status.wanted
            table.add_row(
                status.layer.name,
                f"{release.version}" + (" [green]<[/]" if is_wanted else ""),
                release.published_at,
                str(release.packages),
                megabytes(release.unzipped_size),
                megabytes(release.zipped_size),
                escape(release.reason),
            )
    return table


def _functions(found: Sequence[Status]) -> Table:
    has_others = any(status.loads for status in found)
    columns = ["layer", "function", "version", *["with its other layers"] * has_others, ""]
    table = new_table(*columns, title="Functions")
    for status in found:
        for use in status.uses:
            mark = "[yellow]old[/]" if status.is_old(use) else "[green]ok[/]"
            load = [_load(status, use.function * use.is_latest)] if has_others else []
            table.add_row(status.layer.name, str(use), str(use.version), *load, mark)
        for name in status.idle:
            load = [_load(status, name.rpartition(":")[2])] if has_others else []
            table.add_row(status.layer.name, name, "-", *load, "[yellow]does not use it[/]")
    return table


def _load(status: Status, function: str) -> str:
    """Return what all layers of a function take once it has the wanted version."""
    load = status.loads.get(function)
    if load is None:
        return "-"
    share = load.size / UNZIPPED_LIMIT
    style = "red" if share > 1 else "yellow" if share > WARNING_SHARE else "green"
    unknown = f", without {load.unknown} of unknown size" * bool(load.unknown)
    return f"[{style}]{megabytes(load.size)}, {share:.0%}[/] of the limit{unknown}"
