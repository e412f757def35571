"""Tables, colours and the live view of rich, which shows no text raw either.

A module by itself: importing rich takes longer than most commands' help.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from builder.report.terminal import RUNNER, fitting, shown, without_controls


class SafeConsole(Console):
    """A console of rich that shows no text raw; colours and the live view are its own."""

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
