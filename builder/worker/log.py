"""The build's log: steps with the time since the start, for people who read them later."""

from __future__ import annotations

import re
import sys
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterable, Iterator, TextIO

CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
"""User and password in a URL."""


class Log:
    """Writes lines like ``[  1.4s] installing 12 of 40`` to a stream."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.verbose = verbose
        self.seconds: dict[str, float] = {}
        self._stream = stream or sys.stdout
        self._clock = clock
        self._start = clock()
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the log was opened."""
        return self._clock() - self._start

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time that passes inside to ``seconds``, which the manifest shows."""
        begin = self._clock()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + self._clock() - begin

    def step(self, text: str) -> None:
        """Say what happens now."""
        self._write(f"[{self.elapsed:6.1f}s] {text}")

    def note(self, text: str) -> None:
        """Say something that deserves a look but stops nothing."""
        self._write(f"          NOTE: {text}")

    def table(self, rows: Iterable[str]) -> None:
        """Write rows below the last step."""
        for row in rows:
            self._write(f"          {row}")

    def debug(self, text: str) -> None:
        """Write a line that is shown with LAYER_DEBUG=true only."""
        if self.verbose:
            self._write(f"          | {text}")

    def _write(self, line: str) -> None:
        line = without_credentials(line)
        with self._lock:
            print(line, file=self._stream, flush=True)


_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Blank out a secret wherever it would be printed from now on."""
    if secret:
        _hidden.add(secret)


def without_credentials(text: str) -> str:
    """Return the text with hidden secrets, and user and password of every URL, blanked out."""
    for secret in _hidden:
        text = text.replace(secret, "***")
    return CREDENTIALS.sub("***@", text)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, for example ``1 package`` or ``12 packages``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def human(size: int) -> str:
    """Return a size in bytes as people read it, for example ``4.2 MB``."""
    if size < 1000:
        return f"{size} B"
    if size < 999_950:
        return f"{size / 1e3:.1f} kB"
    return f"{size / 1e6:.1f} MB"
