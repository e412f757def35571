"""Ways to package indexes that add the login: who goes through them need not know it.

Build backends get their requirements from the layer's own indexes while code of strangers runs
beside them. So uv is given an address on this machine in place of such an index; what asks there is
passed on with user and password, for as long as that code runs.
"""

from __future__ import annotations

import base64
import shutil
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, Mapping
from urllib.parse import urlsplit

INDEXES = ("UV_INDEX", "UV_DEFAULT_INDEX")
ASKED = ("Accept", "Range", "If-None-Match", "If-Modified-Since", "User-Agent")
ANSWERED = (
    *("Content-Type", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified", "Cache-Control"),
    *("Location", "Retry-After"),
)
PAGES = ("text/", "application/vnd.pypi", "application/json")
"""Kinds of documents that may name addresses of the index itself."""

SECONDS = 60

LOOK = 0.05
"""Seconds between two looks whether a way shall end; `socketserver` itself takes 0.5."""


class Relays:
    """The ways that are open: ``environment`` is what uv gets, less every login."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment: Dict[str, str] = dict(environment)
        self.origins: Dict[str, str] = {}

    def named_back(self, text: str) -> str:
        """Return a text with the indexes' own addresses in place of those of the ways."""
        for way, origin in self.origins.items():
            text = text.replace(way, origin)
        return text


@contextmanager
def opened(environment: Mapping[str, str]) -> Iterator[Relays]:
    """Open a way to every index of the environment that has a login, as long as this lasts."""
    relays = Relays(environment)
    with ExitStack() as stack:
        for variable in INDEXES:
            entries = environment.get(variable, "").split()
            found = [_through(entry, environment, relays, stack) for entry in entries]
            if found:
                relays.environment[variable] = " ".join(found)
        for name in environment:
            if name.startswith("UV_INDEX_") and name.endswith(("_USERNAME", "_PASSWORD")):
                del relays.environment[name]
        for name in ("NO_PROXY", "no_proxy") if relays.origins else ():
            spared = environment.get(name, "")
            relays.environment[name] = f"{spared},127.0.0.1" if spared else "127.0.0.1"
        yield relays


def _through(entry: str, environment: Mapping[str, str], relays: Relays, stack: ExitStack) -> str:
    name, _, url = entry.rpartition("=") if "=" in entry.split("://")[0] else ("", "", entry)
    variable = f"UV_INDEX_{name.upper().replace('-', '_')}"
    user, password = (
        environment.get(f"{variable}_{part}", "") for part in ("USERNAME", "PASSWORD")
    )
    parts = urlsplit(url)
    if not name or not (user or password) or parts.scheme not in ("http", "https"):
        return entry
    origin = f"{parts.scheme}://{parts.netloc}"
    way = stack.enter_context(_serve(origin, user, password))
    relays.origins[way] = origin
    return f"{name}={way}{url[len(origin) :]}"


@contextmanager
def _serve(origin: str, user: str, password: str) -> Iterator[str]:
    way = _Way(origin, user, password)
    thread = threading.Thread(target=way.serve_forever, args=(LOOK,), daemon=True)
    thread.start()
    try:
        yield way.here
    finally:
        way.shutdown()
        thread.join()
        way.server_close()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the login is for the index alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Way(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, origin: str, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = origin
        self.here = f"http://127.0.0.1:{self.server_port}"
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        self.opener = urllib.request.build_opener(_Stay)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Way

    def do_GET(self) -> None:
        asked = {n: self.headers[n] for n in ASKED if self.headers[n] is not None}
        request = urllib.request.Request(  # noqa: S310 - http or https, of the layer's index
            f"{self.server.origin}/{self.path.lstrip('/')}",
            headers={**asked, "Authorization": self.server.login},
            method=self.command,
        )
        try:
            with self.server.opener.open(request, timeout=SECONDS) as answer:
                self._answer(answer.status, answer.headers, answer)
        except urllib.error.HTTPError as error:
            with error:
                self._answer(error.code, error.headers, error)
        except (OSError, ValueError) as error:
            self.send_error(502, explain=f"the index did not answer: {type(error).__name__}")

    do_HEAD = do_GET  # noqa: N815 - the base class has it so

    def _answer(self, status: int, headers: Any, content: Any) -> None:
        length, body = headers["Content-Length"], None
        if self.command != "HEAD" and (length is None or self._is_page(headers)):
            body = self._own(content.read().decode("utf-8", "surrogateescape"))
            length = str(len(body.encode("utf-8", "surrogateescape")))
        self.send_response(status)
        for name in ANSWERED:
            if headers[name] is not None:
                self.send_header(name, self._own(headers[name]))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if body is not None:
            self.wfile.write(body.encode("utf-8", "surrogateescape"))
        elif self.command != "HEAD":
            shutil.copyfileobj(content, self.wfile)

    def _is_page(self, headers: Any) -> bool:
        return str(headers["Content-Type"] or "").startswith(PAGES)

    def _own(self, text: str) -> str:
        return text.replace(f"{self.server.origin}/", f"{self.server.here}/")

    def log_message(self, *_: Any) -> None:
        """Say nothing: uv does."""
