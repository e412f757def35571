"""A server in a thread of the test, which ends with its block: not half a second later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

from tests.patience import PATIENCE

POLL = 0.01
"""Seconds between two looks whether a server shall end; `socketserver` itself takes 0.5."""


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve until the block is left; the server is closed then."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
