"""The ends that are asked for: Ctrl-C, and SIGTERM and SIGHUP, which are handled as it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Ended(KeyboardInterrupt):
    """The process was asked to end by a signal, which is handled as Ctrl-C is."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _end(number: int, _frame: object) -> NoReturn:
    raise Ended(number)


def _interrupted(*_signal: object) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(128 + signal.SIGINT)


def end_at_once(before: object) -> None:
    """Let Ctrl-C end the process in a line until something has ``begun``.

    What it raises can fall into a callback of the import system, which prints it and goes on.
    ``before`` is what handled it: what ignores it, or another's handler, is left as it is.
    """
    main = threading.current_thread() is threading.main_thread()
    if main and before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def begun() -> None:
    """Let Ctrl-C raise KeyboardInterrupt from now on: there is something to be ended in order."""
    if signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what runs inside as Ctrl-C does, unless they are ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
