"""A package index on loopback that wants a user and a password, for real installers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.serving import serving


class PackageIndex:
    """Serves a folder's wheels and sdists as PEP 503 has it; remembers who asked for what.

    With ``ranges`` it honours Range; without, it answers 200 with everything, as servers may.
    ``sent`` counts the bytes of bodies. With ``uploaded`` it answers as PEP 700 has it: the files'
    names and when each was uploaded.
    """

    def __init__(
        self, folder: Path, user: str = "", password: str = "", *, ranges: bool = False
    ) -> None:
        self.folder = folder
        self.uploaded: dict[str, datetime] = {}
        self.ranges = ranges
        self.sent = 0
        self.asked: list[str] = []
        self.refused: list[str] = []
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.expected = f"Basic {login}" if user else ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """The index's URL, without credentials."""
        return f"http://127.0.0.1:{self._server.server_port}/simple"

    @contextmanager
    def serving(self) -> Iterator[PackageIndex]:
        """Serve until the block is left."""
        with serving(self._server):
            yield self

    def page(self, path: str) -> bytes | None:
        """Return what is at a path, None when there is nothing."""
        parts = path.strip("/").split("/")
        wheels = sorted([*self.folder.glob("*.whl"), *self.folder.glob("*.tar.gz")])
        if parts[0] == "files":
            found = self.folder / parts[1]
            return found.read_bytes() if found in wheels else None
        if self.uploaded:
            found_here = [self._file(wheel) for wheel in wheels if _name(wheel) == parts[-1]]
            page = {"meta": {"api-version": "1.1"}, "name": parts[-1], "files": found_here}
            return json.dumps(page).encode() if found_here else None
        links = [self._link(wheel) for wheel in wheels if _name(wheel) == parts[-1]]
        return f"<html><body>{''.join(links)}</body></html>".encode() if links else None

    def kind(self, path: str) -> str:
        """Return the type of what is at a path."""
        if not path.startswith("/simple"):
            return "application/zip"
        return "application/vnd.pypi.simple.v1+json" if self.uploaded else "text/html"

    def _link(self, wheel: Path) -> str:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f'<a href="/files/{wheel.name}#sha256={digest}">{wheel.name}</a>'

    def _file(self, wheel: Path) -> dict[str, object]:
        return {
            "filename": wheel.name,
            "url": f"/files/{wheel.name}",
            "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
            "upload-time": self.uploaded[wheel.name].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _handler(index) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self, too
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def _answer(self, *, with_body: bool) -> None:
                if index.expected and self.headers.get("Authorization") != index.expected:
                    index.refused.append(self.path)
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                index.asked.append(self.path)
                content = index.page(self.path)
                status = 404 if content is None else 200
                span = self.headers.get("Range", "").removeprefix("bytes=")
                size = len(content or b"")
                if index.ranges and span and content is not None:
                    start, _, end = span.partition("-")
                    first = int(start) if start else max(size - int(end), 0)
                    last = min(int(end), size - 1) if start and end else size - 1
                    content, status = content[first : last + 1], 206
                self.send_response(status)
                if status == 206:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.send_header("Content-Type", index.kind(self.path))
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                if with_body:
                    index.sent += len(content or b"")
                    self.wfile.write(content or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Stay silent."""

        return Handler


def _name(wheel: Path) -> str:
    return wheel.name.split("-")[0].replace("_", "-")
