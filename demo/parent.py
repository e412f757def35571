"""End the demo when whoever started it is gone, even if it was killed without a word."""

from __future__ import annotations

import os
import signal
import threading
import time

PAUSE = 0.5
"""Seconds between looks."""


def end_with_parent() -> None:
    """Send this process SIGTERM once its parent is no longer the one it has now."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PAUSE)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
