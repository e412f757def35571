"""How long something may take, as people write it: 90s, 5m, 1h, or a number alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of each unit."""

WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh]?)", re.ASCII)


def seconds(unit: str) -> Callable[[click.Context, click.Parameter, str], float]:
    """Return an option's callback that gives seconds; a number alone is one of ``unit``."""

    def read(_context: click.Context, _option: click.Parameter, written: str) -> float:
        found = WRITTEN.fullmatch(written)
        if found is None:
            raise click.BadParameter(
                f"{written!r:.100} is no duration; write for example 90s, 5m or 1h "
                f"(without a unit it is {unit})"
            )
        return float(found[1]) * UNITS[found[2] or unit]

    return read
