"""Time and identity, in one place so that tests can hold them still."""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@contextmanager
def _every(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@dataclass(frozen=True)
class Clock:
    """What time it is, how to wait, and who is asking."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    owner: str = field(default_factory=_owner)
    jitter: Callable[[float, float], float] = random.uniform
    """A random number of seconds between two, so that many who wait do not ask at once."""
    every: Callable[[float, Callable[[], None]], AbstractContextManager[None]] = _every
    """Do something every so many seconds, beside what is done in the context; it never raises."""

    def timestamp(self) -> str:
        """Return the time in ISO 8601, UTC, whole seconds."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
