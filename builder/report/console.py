"""Tables, colours and the live view of rich, which shows no text raw either.

A module by itself: importing rich takes longer than most commands' help.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from builder.report.terminal import COMMANDS, clean


class SafeConsole(Console):
    """A console of rich that shows no text raw; colours and the live view are its own."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield what is written, cleaned."""
        for segment in super().render(renderable, options):
            if segment.control or not COMMANDS.search(segment.text):
                yield segment
            else:
                yield Segment(clean(segment.text), segment.style)
