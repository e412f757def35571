"""Whether a program does nothing any more, as what waits for itself does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

LOOK = 2.0
"""Seconds between two looks at the processes of this machine."""


class Standstill:
    """Tells that a program has used no processor for ``limit`` seconds, and runs no other.

    What a program has started, as a compiler or git, counts as something that it does. Where /proc
    is not as Linux has it nothing is ever told.
    """

    def __init__(self, pid: int, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._limit = limit
        self._clock = clock
        self._seen: Optional[Tuple[int, int]] = None
        self._since = self._looked = clock()

    def __call__(self) -> bool:
        """Look at the program; return whether it stands still."""
        now = self._clock()
        if now < self._looked + min(LOOK, self._limit):
            return False
        self._looked = now
        seen = _alone(self._pid)
        if seen is None or seen != self._seen:
            self._seen, self._since = seen, now
        return seen is not None and now - self._since >= self._limit


def _alone(root: int) -> Optional[Tuple[int, int]]:
    """Return the one process below ``root``, or that itself, with its ticks of processor time.

    None if there are more of them, or none is known.
    """
    known = _processes()
    below: Dict[int, int] = {}
    parents = {root}
    while parents:
        found = {pid: ticks for pid, (parent, ticks) in known.items() if parent in parents}
        below.update(found)
        parents = set(found)
    if len(below) > 1 or root not in known:
        return None
    return next(iter(below.items()), (root, known[root][1]))


def _processes() -> Dict[int, Tuple[int, int]]:
    """Return the parent and the ticks of each process that lives (proc(5), /proc/PID/stat)."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name before it is in brackets, and may hold any.
            parts = file.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended
        if len(parts) > 12 and parts[0] != b"Z":
            found[int(file.parent.name)] = (int(parts[1]), int(parts[11]) + int(parts[12]))
    return found
