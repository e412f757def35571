"""What of a layer runs at every start of a function, for people and machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from builder.builds.artifact import Start
from builder.report.terminal import echo


def show_starts(found: Iterable[Start]) -> None:
    """Write a line for each file that runs though nothing imports it."""
    for start in found:
        what = f": {start.line}{' ...' if start.more else ''}" if start.line else ""
        of = start.package or "no package"
        echo(f"runs at every start of a function: {start.file} of {of}{what}")


def as_fields(found: Iterable[Start]) -> list[dict[str, Any]]:
    """Return the same for machines."""
    return [asdict(start) for start in found]
