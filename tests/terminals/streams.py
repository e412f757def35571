"""A command in this process, with streams that say of themselves whether they are a terminal."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

from builder.cli import main

DECIDING = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM", "TTY_COMPATIBLE")
"""Variables by which a program decides how it writes."""


class Stream(io.TextIOWrapper):
    """A text stream that is a terminal, or is not one."""

    def __init__(self, *, terminal: bool) -> None:
        self._content = io.BytesIO()
        super().__init__(self._content, encoding="utf-8", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._terminal

    @property
    def text(self) -> str:
        """All that was written to it."""
        self.flush()
        return self._content.getvalue().decode()


@dataclass(frozen=True)
class Way:
    """How a command is started: on a terminal or not, and with what in the environment."""

    terminal: bool
    environment: dict[str, str]


def terminal(columns: int, term: str = "xterm-256color", **more: str) -> Way:
    """Return a terminal of so many columns."""
    return Way(True, {"COLUMNS": str(columns), "TERM": term, **more})


def said(words: Sequence[str], way: Way) -> str:
    """Run a command line; return what it wrote to stdout, and then what to stderr."""
    out, err = Stream(terminal=way.terminal), Stream(terminal=way.terminal)
    environment = {name: value for name, value in os.environ.items() if name not in DECIDING}
    with (
        patch.dict(os.environ, {**environment, **way.environment}, clear=True),
        patch("sys.stdout", out),
        patch("sys.stderr", err),
        patch("sys.stdin", Stream(terminal=False)),
        contextlib.suppress(SystemExit),
    ):
        main.main(args=list(words), prog_name="lambda-layer")
    return out.text + err.text
