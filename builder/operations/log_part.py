"""Which lines of a log are wanted: the last ones, those since a time, those with a text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class LogPart:
    """A part of a log.

    ``tail`` is how many of the last lines (None: all), ``since`` the time of the first one in
    seconds since 1970, ``text`` what each line has in it, in upper or lower case.
    """

    tail: int | None = None
    since: float = 0.0
    text: str = ""

    def of(self, lines: Iterable[str | None]) -> Iterator[str]:
        """Yield those of the lines that are wanted; None says that later ones come as they happen.

        The time is not looked at: CloudWatch Logs does that.
        """
        rest = iter(lines)
        if self.tail is not None:
            last: deque[str] = deque(maxlen=self.tail)
            for line in rest:
                if line is None:
                    break
                if self._has(line):
                    last.append(line)
            yield from last
        yield from (line for line in rest if line is not None and self._has(line))

    def _has(self, line: str) -> bool:
        return self.text.casefold() in line.casefold()


WHOLE = LogPart()
