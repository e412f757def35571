"""What the builder decides, on stderr with its time; in debug mode every call to AWS besides."""

from __future__ import annotations

import logging
import time

from builder.report.terminal import echo

LOGGER = "builder"

CALLS = "builder.aws"
"""The logger of what is asked of AWS."""


class Decisions(logging.Handler):
    """Writes what the builder decides to stderr, one line each."""

    def __init__(self, *, calls: bool) -> None:
        super().__init__()
        if not calls:
            self.addFilter(lambda record: not record.name.startswith(CALLS))
        formatter = logging.Formatter(
            "%(asctime)s.%(msecs)03dZ %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        echo(self.format(record), err=True)


def show_decisions(*, debug: bool, verbose: bool = False) -> None:
    """Show the builder's decisions from now on, or no longer; calls to AWS in debug mode only."""
    logger = logging.getLogger(LOGGER)
    for handler in [found for found in logger.handlers if isinstance(found, Decisions)]:
        logger.removeHandler(handler)
    logger.setLevel(logging.DEBUG if debug or verbose else logging.NOTSET)
    if debug or verbose:
        logger.addHandler(Decisions(calls=debug))
