"""The way to the command: TCP passed on both ways, seen, held back, ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable

from hybrid_service.clock import elapsed

log = logging.getLogger(__name__)

CHUNK = 1 << 16
_SOON = 5.0
"""Seconds that the relay's own thread may take for what it does at once."""


class _Connection:
    """Both ends of one connection; ``asked`` while the client waits for an answer."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.asked = False

    def abort(self) -> None:
        for end in (self.client, self.server):
            end.transport.abort()


class Relay:
    """A relay from a listening socket to a port on loopback, in a thread of its own.

    ``may_answer`` is asked before every piece of an answer is passed on; where it says no the
    connection is cut, so that nobody hears of what may be lost.
    """

    def __init__(
        self, listener: socket.socket, port: int, may_answer: Callable[[], bool] = lambda: True
    ) -> None:
        self.port = port
        self.may_answer = may_answer
        self._listener = listener
        self._connections: set[_Connection] = set()
        self._last = elapsed()
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._thread.start()
        self._last = elapsed()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_SOON)

    @property
    def idle(self) -> float:
        """Seconds since the last byte passed."""
        return elapsed() - self._last

    def hold(self, patience: float) -> bool:
        """Pass on no new requests; return whether the open ones were answered within seconds.

        A request is open from its first byte to the first byte of its answer: servers answer when
        they have done what was asked.
        """
        self._do(self._open.clear)
        return self._wait_until_quiet(patience)

    def go_on(self) -> None:
        """Pass on what was held back."""
        self._do(self._open.set)

    def close(self, patience: float) -> None:
        """Accept no more, let open requests be answered for some seconds, and cut the rest."""
        self._do(self._stop_listening)
        self.hold(patience)
        self.abort()

    def abort(self) -> None:
        """Cut everything now."""
        self._do(self._stop_listening)
        self._do(self._cut)

    def end(self) -> None:
        """End the relay's thread."""
        self.abort()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SOON)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _do(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(_SOON)

    def _wait_until_quiet(self, patience: float) -> bool:
        deadline = elapsed() + patience
        while any(connection.asked for connection in list(self._connections)):
            if elapsed() > deadline:
                return False
            time.sleep(0.005)
        return True

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _cut(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._listener)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._last = elapsed()
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(writer, server)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._requests(reader, connection), self._answers(answers, connection)
            )
        except (OSError, asyncio.IncompleteReadError):
            log.debug("a connection was cut", exc_info=True)
        finally:
            self._connections.discard(connection)
            connection.abort()

    async def _requests(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while data := await reader.read(CHUNK):
            if not connection.asked:
                await self._open.wait()  # no limit: whoever holds goes on, or cuts the connection
                connection.asked = True
            self._last = elapsed()
            connection.server.write(data)
            await connection.server.drain()
        with contextlib.suppress(OSError):
            connection.server.write_eof()

    async def _answers(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while data := await reader.read(CHUNK):
            if not self.may_answer():
                log.warning("an answer is held back: the lease has run out")
                raise ConnectionAbortedError
            connection.asked = False
            self._last = elapsed()
            connection.client.write(data)
            await connection.client.drain()
        connection.asked = False
        with contextlib.suppress(OSError):
            connection.client.write_eof()
            connection.client.close()
        raise ConnectionAbortedError
