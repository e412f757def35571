"""What all reports are made of: tables, styles, sizes, JSON."""

from __future__ import annotations

import json
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from builder.aws.functions import Use
from builder.functions.mover import MoveOutcome
from builder.layer.record import Release
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, WARNING
from builder.protocol import statuses
from builder.report.console import SafeConsole
from builder.report.terminal import echo

STYLES = {
    statuses.CURRENT: "green",
    statuses.PUBLISHED: "green",
    statuses.STALE: "yellow",
    statuses.MISSING: "yellow",
    statuses.UNMOVED: "yellow",
    statuses.UNSHARED: "yellow",
    statuses.FORCED: "yellow",
    statuses.PINNED: "magenta",
    statuses.WAITING: "yellow",
    statuses.BUILDING: "cyan",
    statuses.PUBLISHING: "cyan",
    statuses.FAILED: "red",
    statuses.INVALID: "red",
    MoveOutcome.MOVED: "green",
    MoveOutcome.ALREADY: "green",
    "behind": "yellow",
    OK: "green",
    WARNING: "yellow",
    UNKNOWN: "yellow",
    PROBLEM: "red",
}

WHOLE = {"published", "status", "unzipped", "version", "zipped"}
"""Columns that stay on one line: where a terminal is narrow, the others are wrapped."""

SMALL = 50_000
"""Bytes below which a size in megabytes with one decimal says nothing."""

WIDE = 160
"""Columns that a row of `status` with an ARN takes, which has up to 140 characters of its own."""


def styled(status: str) -> str:
    """Return a status in its colour, as rich's markup."""
    return f"[{STYLES.get(status, 'white')}]{status}[/]"


def new_table(*columns: str, title: str = "") -> Table:
    """Return an empty table as all ours look."""
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=title or None,
        title_justify="left",
        title_style="bold",
    )
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    return table


def is_narrow(columns: int = WIDE) -> bool:
    """Whether stdout is a terminal of fewer columns; without them: than a row with an ARN has."""
    console = SafeConsole()
    return console.is_terminal and console.width < columns


def show(*parts: RenderableType) -> None:
    """Write tables or text to stdout; text is left to the terminal to wrap, so it can be copied."""
    for part in parts:
        console = SafeConsole(highlight=False)
        if isinstance(part, Table):
            console.write_table(part)
        else:
            console.print(part, soft_wrap=isinstance(part, str))


def show_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    echo(json.dumps(document, indent=2))


def megabytes(size: int | None) -> str:
    """Return a size in megabytes (10^6 bytes), for reading; in kilobytes where that says 0.0."""
    if size is None:
        return "-"
    return f"{size / 1e3:.1f} kB" if 0 < size < SMALL else f"{size / 1e6:.1f} MB"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, for example ``1 package`` or ``12 packages``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def release_fields(release: Release) -> dict[str, Any]:
    """Return what machines read of a release."""
    return {
        "layer_arn": release.layer_arn,
        **({"image_uri": release.image_uri} if release.image_uri else {}),
        "version": release.version,
        "fingerprint": release.fingerprint,
        "packages": release.packages,
        "unzipped_size": release.unzipped_size,
        "zipped_size": release.zipped_size,
        "reason": release.reason,
        "build_id": release.build_id,
        "builds": dict(release.builds),
        "published_at": release.published_at,
    }


def use_fields(use: Use) -> dict[str, str | int]:
    """Return what machines read of a function that has a version of a layer."""
    return {
        "function": use.function,
        "qualifier": use.qualifier,
        "layer_arn": use.layer_arn,
        "version": use.version,
    }
