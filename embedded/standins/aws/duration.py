"""Durations as Go writes them, for example ``1h30m``."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"(\d+(?:\.\d+)?)(ms|h|m|s)"
PATTERN = rf"({_PART})+"


def seconds(duration: str) -> float:
    """Return the duration in seconds."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, duration))
