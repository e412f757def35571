"""Tables, colours and the live view of rich, which shows no text raw either.

A module by itself: importing rich takes longer than most commands' help.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment, Segments
from rich.table import Table

from builder.report.terminal import RUNNER, fitting, shown, without_controls

PIPE_WIDTH = 1000
"""Columns of a pipe, which has no width: what is searched for must stand on one line."""

GAP = 2
"""Spaces between two columns of a table."""

NARROWEST = 12
"""Columns below which text in a cell cannot be read."""


class SafeConsole(Console):
    """A console of rich that shows no text raw; colours and the live view are its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if options.get("width") is not None:
            return
        if not self.is_terminal or not (self.file.isatty() or self._environ.get("COLUMNS")):
            self.size = PIPE_WIDTH, self.height
        elif self.is_dumb_terminal:
            # For which rich takes 80 columns, whatever it has.
            self.size = shutil.get_terminal_size(self.size)

    @property
    def is_watched(self) -> bool:
        """Whether there is a terminal, and not only a wish for colours (FORCE_COLOR)."""
        return self.is_terminal and self.file.isatty()

    def write_table(self, table: Table) -> None:
        """Write a table whose columns are none so narrow that a word is broken.

        Where the terminal has fewer columns than that takes, it wraps the lines itself, which loses
        nothing.
        """
        width = self._fit(table)
        for line in self.render_lines(table, self.options.update_width(width), pad=False):
            while line and not line[-1].text.rstrip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            self.print(Segments([*line, Segment.line()]), crop=False, end="")

    def _fit(self, table: Table) -> int:
        """Choose the widths of a table's columns; return what they take together."""
        unbounded = self.options.update_width(PIPE_WIDTH)
        least, widths = [], []
        for column in table.columns:
            cells = [
                Measurement.get(self, unbounded, each) for each in (column.header, *column.cells)
            ]
            whole = max(cell.maximum for cell in cells)
            longest = max(cell.minimum for cell in cells)
            widths.append(whole)
            least.append(whole if column.no_wrap else max(longest, min(whole, NARROWEST)))
        gaps = GAP * (len(widths) - 1)
        while sum(widths) + gaps > self.width:
            spare = [at for at, width in enumerate(widths) if width > least[at]]
            if not spare:
                break
            widths[max(spare, key=widths.__getitem__)] -= 1
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        return sum(widths) + gaps

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield what is written, cleaned."""
        segments = [
            each
            if each.control
            else Segment(fitting(without_controls(each.text), self.encoding), each.style)
            for each in super().render(renderable, options)
        ]
        # A command of a runner can be in several segments, as colours part them.
        whole = "".join("" if each.control else each.text for each in segments)
        places = [found.end() - 1 for found in RUNNER.finditer(whole)]
        start = 0
        for each in segments:
            end = start if each.control else start + len(each.text)
            here = [place - start for place in places if start <= place < end]
            yield Segment(_escaped(each.text, here), each.style) if here else each
            start = end


def _escaped(text: str, places: Iterable[int]) -> str:
    characters = list(text)
    for place in places:
        characters[place] = shown(text[place])
    return "".join(characters)
