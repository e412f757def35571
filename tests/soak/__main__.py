"""Try releases: random interleavings, processes that are killed, races, and a proxy with faults.

``python -m tests.soak`` does all of this within ten minutes on two cores and writes the table into
docs/reliability.md. ``--random 60`` only makes random interleavings, for so many seconds, and
``--operations 300`` only tries the commands that look after a layer with faults.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from embedded.aws import EmbeddedAws
from tests.soak import faults, races
from tests.soak.crashes import WAYS, Crashes, Way
from tests.soak.found import Found
from tests.soak.machine import TOTALS, ReleaseMachine
from tests.soak.table import Table
from tests.soak.tried import try_all
from tests.soak.zygote import Zygote

BATCH = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

AT_ONCE = 3
"""Crash points at once: each spends half of its time waiting."""

WHOLE = 585.0
"""Seconds that all of it may take; what does not fit into them is left out and counted."""

THROTTLED_LAYERS, THROTTLED_RATE = 50, 2.0

RANDOM_SECONDS = 45.0


def main() -> None:
    """Run what the command line says; the exit code is 1 when an invariant does not hold."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--random", type=float, metavar="SECONDS", help="nothing but these")
    parser.add_argument("--seed", type=int, default=0, help="of the first of these")
    parser.add_argument("--operations", type=float, metavar="SECONDS", help="other commands")
    chosen = parser.parse_args()
    if chosen.operations:
        operate(chosen.operations)
    began = time.monotonic()
    table = Table()
    if chosen.random:
        interleave(chosen.random, chosen.seed)
    else:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            everything(Path(folder), table, began + WHOLE)
    table.random.update(TOTALS)
    table.seconds = time.monotonic() - began
    for line in table.lines():
        say(line)
    for found in table.ill:
        say(f"BROKEN: {found}")
    if not chosen.random and not table.ill:
        table.write()
    sys.exit(bool(table.ill))


def operate(seconds: float) -> NoReturn:
    """Try the commands that look after a layer, each of whose calls goes wrong in each way."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        root = Path(folder) / "project"
        root.mkdir()
        with EmbeddedAws(Path(folder) / "aws") as aws:
            tried = try_all(aws, root, seconds, say)
    say(f"commands with faults       {tried.tried} of {tried.planned}")
    say(f"amiss                      {len(tried.amiss)}")
    sys.exit(bool(tried.amiss))


def everything(root: Path, table: Table, ends: float) -> None:
    """Run all parts; throttled layers mostly wait, so other things happen beside them."""
    with EmbeddedAws(root / "aws") as aws, Zygote(root) as zygote:
        for race in races.RACES:
            table.races.append(shown(races.run(aws, zygote, root, race)))
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            slow = pool.submit(
                faults.throttled, aws, zygote, root,
                THROTTLED_LAYERS, THROTTLED_RATE, ends - 30 - time.monotonic(),
            )  # fmt: skip
            scripts = [
                pool.submit(faults.publishing, aws, zygote, root, script)
                for script in faults.PUBLISHING
            ]
            crashes = Crashes(aws, zygote, root)
            points = [(way, fate) for way in WAYS for fate in crashes.points(way)]
            table.planned = len(points)

            def meet(point: tuple[Way, str]) -> Found | None:
                return crashes.meet(*point) if time.monotonic() < ends - 30 else None

            killed = pool.map(meet, spread(points))
            interleave(RANDOM_SECONDS)
            for found in killed:
                if found is not None:
                    table.crashes.append(found if found.is_well else shown(found))
            table.faults += [shown(each.result(WHOLE)) for each in (*scripts, slow)]


def interleave(seconds: float, batch: int = 0) -> None:
    """Run the machine of random interleavings; an example that breaks it is printed and raised."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        run_state_machine_as_test(seed(batch)(ReleaseMachine), settings=BATCH)
        batch += 1


def spread(points: Sequence[tuple[Way, str]]) -> list[tuple[Way, str]]:
    """Return the points in an order of which every beginning is spread over all of them."""
    return sorted(points, key=lambda point: (points.index(point) * 0.6180339887) % 1.0)


def shown(found: Found) -> Found:
    """Say what was found, at once."""
    silent = f"; silent {found.silence:.0f} s" if found.silence else ""
    say(f"{'well' if found.is_well else 'BROKEN'}: {found.name}{silent}")
    if found.trouble:
        say(found.trouble)
    return found


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
