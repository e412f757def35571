"""One small thing done to many files, on all processors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, List, Sequence, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TOGETHER = 64
"""Items of one job: to hand over a job takes longer than to hash a small file."""


def each(action: Callable[[Item], Result], items: Sequence[Item]) -> List[Result]:
    """Return what the action says of each item, in their order; raise its first error.

    The action has to spend its time outside of the interpreter's lock: reading, hashing.
    """

    def some(start: int) -> List[Result]:
        return [action(item) for item in items[start : start + TOGETHER]]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = pool.map(some, range(0, len(items), TOGETHER))
        return [result for part in parts for result in part]
