"""How many calls of AWS it takes to release many layers: ``make calls`` writes docs/performance.md.

The release machine itself runs, over the AWS in memory of the harness and in time that passes on
demand (tests/soak/stage.py), so an hour takes seconds and the figures are the same every time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from builder.release.plan import plan
from builder.release.release import Order, ensure
from tests.soak.fake import Aws, Build, Machine
from tests.soak.machine import SITE, SPEC, SoakLayer
from tests.soak.stage import Actor, Stage
from tests.soak.table import put

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"

BUILD_SECONDS = 120.0
WINDOW = 10.0
"""Seconds over which the most calls are counted."""

TERRAFORM = 10
"""Hooks that Terraform runs at once (terraform apply, -parallelism)."""


@dataclass(frozen=True)
class Calls:
    """What the release of ``layers`` took, of which ``at_once`` ran at the same time."""

    layers: int
    at_once: int
    is_shared: bool
    seconds: float
    journal: tuple[tuple[float, str], ...]

    def total(self, service: str) -> int:
        """Return the calls of a service."""
        return sum(name == service for _, name in self.journal)

    def peak(self, service: str) -> float:
        """Return the calls per second of the ten seconds that have most of them."""
        windows = Counter(int(time // WINDOW) for time, name in self.journal if name == service)
        return max(windows.values(), default=0) / WINDOW

    def row(self) -> str:
        """Return the line of the table."""
        asks = "one machine" if self.is_shared else "each by itself"
        cells = [f"{self.layers}", f"{self.at_once}", asks, f"{self.seconds / 60:.0f} min"]
        for service in SERVICES:
            count, rate = self.total(service), self.total(service) / self.seconds
            cells.append(f"{count:,}: {rate:.1f}, {self.peak(service):.1f}")
        return f"| {' | '.join(cells)} |"


SERVICES = ("CodeBuild", "S3", "Lambda")


@dataclass
class Account:
    """What the releases of an application share: CodeBuild's builds, and perhaps a machine."""

    stage: Stage
    machine: Machine | None
    builds: dict[str, Build]
    happens: list[tuple[float, Callable[[], object]]]
    journal: list[tuple[float, str]]
    build_seconds: float


def measure(
    layers: int, at_once: int, *, is_shared: bool, build_seconds: float = BUILD_SECONDS
) -> Calls:
    """Release so many layers, so many at a time, each with a function that is named.

    With ``is_shared`` all on one machine, otherwise each on one of its own.
    """
    stage = Stage()
    account = Account(stage, Machine() if is_shared else None, {}, [], [], build_seconds)
    began = stage.time
    waiting = iter(range(layers))
    for number in islice(waiting, at_once):
        _start(account, number)
    while stage.living:
        actor = stage.due()
        actor.step()
        if actor.done and not actor.name.endswith("meanwhile"):
            assert actor.error is None, actor.error
            for number in islice(waiting, 1):
                _start(account, number)
            stage.actors = stage.living
    journal = tuple((time - began, name) for time, name in account.journal)
    return Calls(layers, at_once, is_shared, stage.time - began, journal)


def _start(account: Account, number: int) -> None:
    actor: Actor
    aws = Aws(
        account.stage,
        builds=account.builds,
        build_seconds=account.build_seconds,
        machine=account.machine,
        happens=account.happens,
        journal=account.journal,
    )
    spec = replace(SPEC, name=f"l{number}")

    def work() -> object:
        services = aws.services(lambda: actor)
        layer = SoakLayer(spec, Path(), SITE, services, source="blue", actor=actor)
        planned = plan(layer)
        return ensure(layer, Order(planned.token, planned.reason), clock=actor.clock())

    actor = account.stage.add(f"layer {number}", work)


def table() -> list[str]:
    """Return the table as lines of Markdown."""
    head = [
        "layers",
        "at once",
        "who asks",
        "takes",
        *(f"{name}: in all, per s, most" for name in SERVICES),
    ]
    found = [
        measure(layers, at_once, is_shared=is_shared)
        for layers in (50, 500)
        for at_once in (TERRAFORM, layers)
        for is_shared in (False, True)
    ]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(each.row() for each in found)]


if __name__ == "__main__":
    lines = table()
    put(PAGE, "make calls", lines)
    sys.stdout.write("\n".join(lines) + "\n")
