"""The table that `make soak` prints, and its place in docs/reliability.md."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.soak.found import Found

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@dataclass
class Table:
    """What all parts of the harness met; ``planned`` are the crash points that there are."""

    crashes: list[Found] = field(default_factory=list)
    planned: int = 0
    races: list[Found] = field(default_factory=list)
    faults: list[Found] = field(default_factory=list)
    random: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def all(self) -> list[Found]:
        """Everything that was found by real processes."""
        return [*self.crashes, *self.races, *self.faults]

    @property
    def ill(self) -> list[Found]:
        """What did not end as it should."""
        return [found for found in self.all if not found.is_well]

    def lines(self) -> list[str]:
        """Return the table as text."""
        silent = max((*self.races, *self.faults), key=lambda f: f.silence, default=Found("none"))
        rows = [
            ("crash points", f"{len(self.crashes)} of {self.planned}"),
            ("races", f"{len(self.races)}"),
            ("faults", f"{len(self.faults)}"),
            ("versions lost", f"{sum(found.lost for found in self.all)}"),
            ("versions doubled", f"{sum(found.doubled for found in self.all)}"),
            ("builds doubled", f"{sum(found.builds_doubled for found in self.all)}"),
            ("runs with other trouble", f"{sum(bool(found.trouble) for found in self.all)}"),
            ("longest silent wait", f"{silent.silence:.0f} s ({silent.name})"),
            *((f"interleavings: {name}", f"{n:,}") for name, n in sorted(self.random.items())),
            ("seconds", f"{self.seconds:.0f}"),
            ("load average, processors", f"{os.getloadavg()[1]:.1f}, {os.cpu_count()}"),
        ]
        return [f"{name:<27}{value}" for name, value in rows]

    def details(self) -> list[str]:
        """Return a line for each race and fault."""
        # Of processes in a hurry silence is not measured.
        silences = {
            found: f" (silent for {found.silence:.0f} s at most)" if found.silence else ""
            for found in (*self.races, *self.faults)
        }
        return [f"{found.name}{silence}" for found, silence in silences.items()]

    def write(self) -> None:
        """Put the table into the page, with its date."""
        when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        items = [f"- {line}" for line in self.details()]
        rows = [f"Last run: {when}.", "", "```", *self.lines(), "```", "", "Races and faults:", ""]
        put(PAGE, "make soak", [*rows, *items])


def put(page: Path, command: str, lines: Sequence[str]) -> None:
    """Put lines into a page, in the place that a command writes."""
    begin, end = f"<!-- {command} writes from here -->\n", "<!-- to here -->\n"
    text = page.read_text("utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no place between {begin.strip()} and {end.strip()}")
    body = "\n".join(lines)
    page.write_text(f"{before}{begin}\n{body}\n\n{end}{after}", "utf-8")
