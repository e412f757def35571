"""Time that goes on while a machine sleeps."""

from __future__ import annotations

import time


def elapsed() -> float:
    """Return seconds since some moment; they also count while the machine is suspended (Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
