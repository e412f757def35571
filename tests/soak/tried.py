"""All commands with all faults, as many as there is time for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedded.aws import EmbeddedAws
from embedded.calls import READS
from tests.region import by_aws_region_alone
from tests.soak.commands import OPERATIONS
from tests.soak.ground import Ground
from tests.soak.operations import AFTER, FAULTS, LOST, calls_of, meet


@dataclass(frozen=True)
class Tried:
    """How many faults were tried of all that there are, and what was amiss."""

    tried: int
    planned: int
    amiss: tuple[str, ...]


def points_of(ground: Ground) -> list[tuple[int, str, int]]:
    """Return the number of each operation with each fault of each of its calls."""
    found = []
    for number, operation in enumerate(OPERATIONS):
        for call, name in enumerate(calls_of(ground, operation)):
            faults = [f for f in FAULTS if f not in (LOST, AFTER) or not READS.match(name)]
            found += [(number, fault, call) for fault in faults]
    return found


def try_all(aws: EmbeddedAws, root: Path, seconds: float, say: Callable[[str], None]) -> Tried:
    """Try faults for so many seconds, spread over all that there are; say what is amiss at once."""
    # Only here: pytest comes with it.
    from tests.builder.commands.conftest import Project

    os.environ.update(by_aws_region_alone(aws.environment()))
    ground, ends = Ground(Project(aws, root)), time.monotonic() + seconds
    points = points_of(ground)
    spread = sorted(points, key=lambda point: (points.index(point) * 0.6180339887) % 1.0)
    amiss, tried = [], 0
    for number, fault, call in spread:
        if time.monotonic() > ends:
            break
        found = meet(ground, OPERATIONS[number], fault, call)
        tried += 1
        if found:
            say(found)
            amiss.append(found)
    return Tried(tried, len(points), tuple(amiss))
