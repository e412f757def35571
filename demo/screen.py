"""What the demo shows."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 140
"""Columns when it is not known how many there are: ARNs should not be broken."""

LAYER_COLOURS = ("cyan", "magenta", "green", "yellow")


class Screen:
    """A console that several threads may write to, line by line."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, soft_wrap=True, width=WIDTH)
        self._lock = threading.Lock()

    def chapter(self, number: int, title: str) -> None:
        """Begin a part of the story."""
        self._write(Text(f"\n{number}. {title}", style="bold"))

    def say(self, text: str) -> None:
        """Write one plain paragraph."""
        self._write(Text(text))

    def detail(self, text: str) -> None:
        """Write something for those who want to know more."""
        self._write(Text(f"   {text}", style="dim"))

    def good(self, text: str) -> None:
        """Write what has been proved."""
        self._write(Text.assemble(("   ✔ ", "green"), text))

    def layer_line(self, layer: str, line: str, colour: str) -> None:
        """Write one line of a layer's build log."""
        self._write(Text.assemble((f"   {layer:<9}│ ", colour), line))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._write(table)

    def error(self, text: str) -> None:
        """Write what went wrong."""
        self._write(Text.assemble(("ERROR: ", "bold red"), text))

    def _write(self, thing: Text | Table) -> None:
        with self._lock:
            self._console.print(thing)
