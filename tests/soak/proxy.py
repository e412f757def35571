"""A proxy before the embedded AWS that refuses, loses and cuts off what it is told to.

Sources of the answers: AWS CodeBuild and AWS Lambda API references, "Common Errors" and
PublishLayerVersion; AWS SDKs and Tools reference guide, "Retry behavior" (throttling).
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

LONGEST = 300.0
"""Seconds that an answer of the AWS behind it may take."""

BEFORE, AFTER = "before", "after"


class Throttle:
    """A limit of calls per second that all callers share; ``burst`` are free at first."""

    def __init__(self, rate: float, burst: int = 2) -> None:
        self._rate, self._most = rate, float(burst)
        self._left, self._seen = float(burst), time.monotonic()
        self._lock = threading.Lock()

    def admits(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._most, self._left + (now - self._seen) * self._rate)
            self._seen = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


Fault = Callable[[str, str], str]
"""Returns what happens to a call, by its operation and path: "" for nothing, the status of an
error that AWS answers without having done it, ``lost`` for a connection that ends before, ``done``
for one that ends after it was done, ``500 done`` for an error after it was done."""


@dataclass(frozen=True)
class Answer:
    """What was answered, names of headers small; ``length`` is what is said of the content's."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    length: int


Lie = Callable[[str, str, Answer], Answer]
"""Returns what is answered in the place of what is true, by a call's operation and path."""


class Proxy:
    """A proxy on loopback before one endpoint; a context manager."""

    def __init__(self, upstream: str, fault: Fault, lie: Lie = lambda _o, _p, true: true) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.fault = fault
        self.lie = lie
        self.met = Counter[str]()
        self.passed = Counter[str]()

    def __enter__(self) -> Proxy:
        proxy = self

        class Handler(_Handler):
            served = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Proxy

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = operation_of(self.command, self.path, self.headers.get("X-Amz-Target", ""))
        fault = self.served.fault(operation, self.path)
        self.served.met[fault] += bool(fault)
        if fault == "lost":
            self._reset()
            return
        if fault.isdecimal():
            self._refuse(int(fault))
            return
        self.served.passed[operation] += 1
        answer = self.served.lie(operation, self.path, self._forward(body))
        if fault == "done":
            self._reset()
            return
        if fault.endswith(" done"):
            self._refuse(int(fault.split()[0]))
            return
        self._answer(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the library's names

    def _forward(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.served.upstream, timeout=LONGEST)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            found = connection.getresponse()
            headers = {name.lower(): value for name, value in found.getheaders()}
            content = found.read()
            said = int(headers.get("content-length", len(content)))
            return Answer(found.status, headers, content, said)
        finally:
            connection.close()

    def _refuse(self, status: int) -> None:
        names = {400: "ThrottlingException", 429: "TooManyRequestsException"}
        name = names.get(status, "ServiceException")
        content = json.dumps({"__type": name, "message": "Rate exceeded"}).encode()
        kind = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": name}
        self._answer(Answer(status, kind, content, len(content)))

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)
            self.close_connection = answer.length != len(answer.content)

    def _reset(self) -> None:
        """End the connection by a reset, not by an orderly close."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        self.rfile.close()

    def log_message(self, *_arguments: Any) -> None:
        pass


def operation_of(method: str, path: str, target: str) -> str:
    """Return the operation of a call: by its header, and publishing in Lambda by its path."""
    if target:
        return target.rpartition(".")[2]
    is_publishing = method == "POST" and "/layers/" in path and path.endswith("/versions")
    return "PublishLayerVersion" if is_publishing else f"{method} {path.partition('?')[0]}"
