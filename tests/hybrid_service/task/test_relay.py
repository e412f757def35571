from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from hybrid_service.task.relay import Relay
from tests.patience import PATIENCE, wait_until


class Server:
    """Answers every line with the line in capitals, when it may."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.asked: list[bytes] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as lines:
            for line in lines:
                self.asked.append(line)
                self.may_answer.wait(PATIENCE)
                lines.write(line.upper())
                lines.flush()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.may_answer.set()
    server.listener.close()


class Front:
    """A relay in front of a server."""

    def __init__(self, server: Server) -> None:
        self.has_lease = True
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.relay = Relay(listener, server.port, lambda: self.has_lease)
        self.relay.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, PATIENCE)


@pytest.fixture
def front(server: Server) -> Iterator[Front]:
    front = Front(server)
    yield front
    front.relay.end()


def test_bytes_pass_both_ways(front: Front) -> None:
    with front.connect() as one, front.connect() as other:
        one.sendall(b"one\n")
        other.sendall(b"other\n")
        assert (one.recv(100), other.recv(100)) == (b"ONE\n", b"OTHER\n")
        one.sendall(b"x" * 300_000 + b"\n")
        assert len(one.makefile("rb").readline()) == 300_001


def test_a_request_is_held_back_until_it_may_go_on(front: Front, server: Server) -> None:
    with front.connect() as client:
        client.sendall(b"before\n")
        assert client.recv(100) == b"BEFORE\n"
        assert front.relay.hold(PATIENCE)
        client.sendall(b"held\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)
        assert server.asked == [b"before\n"]
        client.settimeout(PATIENCE)
        front.relay.go_on()
        assert client.recv(100) == b"HELD\n"


def test_an_open_request_is_waited_for(front: Front, server: Server) -> None:
    server.may_answer.clear()
    with front.connect() as client:
        client.sendall(b"slow\n")
        wait_until(lambda: server.asked)
        assert not front.relay.hold(0.1)
        server.may_answer.set()
        assert client.recv(100) == b"SLOW\n"
        assert front.relay.hold(PATIENCE)


def test_an_answer_does_not_pass_without_the_lease(front: Front, server: Server) -> None:
    server.may_answer.clear()
    with front.connect() as client:
        client.sendall(b"late\n")
        wait_until(lambda: server.asked)
        front.has_lease = False
        server.may_answer.set()
        with contextlib.suppress(ConnectionError):
            assert client.recv(100) == b""


def test_a_closed_relay_answers_what_is_open_and_takes_no_more(
    front: Front, server: Server
) -> None:
    server.may_answer.clear()
    with front.connect() as client:
        client.sendall(b"open\n")
        wait_until(lambda: server.asked)
        threading.Timer(0.2, server.may_answer.set).start()
        front.relay.close(PATIENCE)
        assert client.recv(100) == b"OPEN\n"
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset
            front.connect().recv(1)


def test_only_bytes_are_no_idleness(front: Front) -> None:
    with front.connect() as client:
        wait_until(lambda: front.relay.idle > 0.3)
        client.sendall(b"x\n")
        assert client.recv(100) == b"X\n"
        assert front.relay.idle < PATIENCE
        before = front.relay.idle
        wait_until(lambda: front.relay.idle > before + 0.1)


def test_a_command_that_does_not_listen_is_a_cut_connection(front: Front, server: Server) -> None:
    server.listener.close()
    socket.create_connection(("127.0.0.1", front.address[1])).close()
    with front.connect() as client, contextlib.suppress(ConnectionError):
        assert client.recv(100) == b""
