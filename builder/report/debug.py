"""Debug mode: every decision and every call to AWS, on stderr with its time."""

from __future__ import annotations

import logging
import time

from builder.report.terminal import echo

LOGGER = "builder"


class Decisions(logging.Handler):
    """Writes what the builder decides to stderr, one line each."""

    def __init__(self) -> None:
        super().__init__()
        formatter = logging.Formatter(
            "%(asctime)s.%(msecs)03dZ %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        echo(self.format(record), err=True)


def show_decisions(*, debug: bool) -> None:
    """Show the builder's decisions from now on, or no longer."""
    logger = logging.getLogger(LOGGER)
    for handler in [found for found in logger.handlers if isinstance(found, Decisions)]:
        logger.removeHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.NOTSET)
    if debug:
        logger.addHandler(Decisions())
