"""How layers are, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from builder.layer.record import Release
from builder.operations.status import Status
from builder.protocol.statuses import FAILED
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


def show_status(found: Sequence[Status], *, as_json: bool, releases: bool) -> None:
    """Write how layers are; ``releases`` lists all of them and not only the current one."""
    if as_json:
        show_json([status_fields(status) for status in found])
        return
    narrow = is_narrow()
    show(*_places(found), "", _layers(found, narrow=narrow))
    if narrow:
        show(*(s.wanted.layer_arn for s in found if s.wanted is not None))
    if any(status.build and status.build.running for status in found):
        show("", _builds(found))
    if releases and any(status.record.releases for status in found):
        show("", _releases(found))
    if any(status.uses or status.idle for status in found if not status.unseen):
        show("", _functions(found))
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
        "lease": asdict(record.lease) if record.lease else None,
        "pinned": {**asdict(pin), "release": release_fields(pin.release)} if pin else None,
        "releases": [release_fields(release) for release in record.releases],
        "functions": None
        if status.unseen
        else [{**use_fields(use), "old": status.is_old(use)} for use in status.uses],
        "functions_without": None if status.unseen else list(status.idle),
    }


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
    return str(release.version) if narrow else release.layer_arn


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
            remarks.append(
                f"its log: lambda-layer logs {name} --failed; the next apply tries again"
            )
        if pin is not None:
            remarks.append(f"{name}: {escape(str(pin))}; until: lambda-layer unpin {name}")
        if status.record.lease is not None:
            remarks.append(f"{name}: {escape(status.record.lease.owner)} is publishing it")
        if status.unseen:
            remarks.append(f"functions of {name} are not known: {escape(status.unseen)}")
    return remarks


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
    table = new_table("layer", "function", "version", "", title="Functions")
    for status in found:
        for use in status.uses:
            mark = "[yellow]old[/]" if status.is_old(use) else "[green]ok[/]"
            table.add_row(status.layer.name, str(use), str(use.version), mark)
        for name in status.idle:
            table.add_row(status.layer.name, name, "-", "[yellow]does not use it[/]")
    return table
