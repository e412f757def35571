"""How long the steps of a release took, from the end of its build to the move of its functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from builder.clock import Clock
from builder.documents import Extensible

NOTICE, VERIFY, PUBLISH, KEEP = "notice", "verify", "publish", "keep"
RECORD, SHARE, MOVE = "record", "share", "move"

ORDER = (NOTICE, VERIFY, PUBLISH, KEEP, RECORD, SHARE, MOVE)
"""The steps as they are taken (docs/performance.md says what each is)."""


@dataclass(frozen=True)
class Steps(Extensible):
    """The seconds of each step of the release of approval ``number``; a step not taken is absent.

    ``notice`` is the time from CodeBuild's end of the build, by its clock, until we saw it, by
    ours; the others are measured by one clock.
    """

    number: int
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def ordered(self) -> tuple[tuple[str, float], ...]:
        """The steps in the order in which they are taken."""
        return tuple((step, self.seconds[step]) for step in ORDER if step in self.seconds)

    @property
    def total(self) -> float:
        """The seconds of all steps."""
        return sum(seconds for _, seconds in self.ordered)

    def __str__(self) -> str:
        each = ", ".join(f"{step} {seconds:.2f}" for step, seconds in self.ordered)
        return f"{self.total:.2f} s: {each}"


class Stopwatch:
    """Adds up the seconds of the steps of one release."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}

    def begin(self, ended: datetime) -> None:
        """Begin anew with a build that ended then and was seen to have ended now."""
        self._seconds = {NOTICE: max(0.0, self._clock.now() - ended.timestamp())}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time that passes inside to a step."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            passed = self._clock.monotonic() - began
            self._seconds[step] = self._seconds.get(step, 0.0) + passed

    def steps(self, number: int) -> Steps:
        """Return what was measured, in milliseconds' precision."""
        return Steps(number, {step: round(value, 3) for step, value in self._seconds.items()})
