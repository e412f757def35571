"""How long tests wait for what must happen: long enough for a machine that is busy with others.

A limit of a test is no statement about speed. It only turns what would wait for ever into a failure
that has a name.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds."""


def wait_until(
    happened: Callable[[], object],
    what: str | Callable[[], str] = "what was waited for",
    seconds: float = PATIENCE,
) -> None:
    """Wait until something is so; fail when that takes too long.

    ``what`` is what is waited for, or a function that says what there is in its place.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            why = what if isinstance(what, str) else what()
            raise AssertionError(f"it did not happen within {seconds:.0f} s: {why}")
        time.sleep(0.03)
