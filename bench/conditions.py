"""What else the machine did while something was measured, and how fast it was."""

from __future__ import annotations

import os
import time
from pathlib import Path

LOOP = 1_000_000
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""The first numbers of the line "cpu" (proc(5), /proc/stat)."""


class Conditions:
    """Looked at from the start on, and before each build: a processor second is not always worth
    the same on a virtual machine, also where none is stolen.
    """

    def __init__(self) -> None:
        self._began = ticks()
        self.loops: list[float] = []

    def look(self) -> None:
        """Time the loop that is always the same."""
        began = time.process_time()
        total = 0
        for number in range(LOOP):
            total += number
        self.loops.append(time.process_time() - began)

    def said(self) -> str:
        """Return one line for people."""
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        return (
            f"meanwhile: load {load} at the end; {shares(self._began, ticks())}; a loop that is "
            f"always the same took {min(self.loops):.3f} to {max(self.loops):.3f} processor s"
        )


def ticks() -> tuple[int, ...]:
    """Return what all processors did since the machine started; nothing where that is not told."""
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return ()
    return tuple(map(int, line.split()[1 : len(FIELDS) + 1]))


def shares(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """Return which share of the processors was stolen by the host, and which was idle."""
    passed = dict(zip(FIELDS, (b - a for a, b in zip(before, after, strict=True)), strict=False))
    total = sum(passed.values())
    if not total:
        return "steal unknown"
    return (
        f"{passed['steal'] / total:.1%} of the processors stolen, {passed['idle'] / total:.0%} idle"
    )
