"""Reading parts of a file of a package index: by HTTP ranges where it honours them, else whole."""

from __future__ import annotations

import base64
import hashlib
import http.client
import netrc
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

TAIL = 1 << 18
"""Bytes asked for first, from the end: whole small wheels, and most directories."""
BLOCK = 1 << 20
SECONDS = 60.0
PAUSES = (0.5, 2.0)
NO_RANGES = {400, 405, 416, 501}
"""What servers answer that do not know ranges from the end, beside 200 with everything."""
SPAN = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class UnreadableError(Exception):
    """A file of an index cannot be read; the text says why."""


class Source(Protocol):
    """A file of which parts can be read."""

    size: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""


class Local:
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise UnreadableError(str(error)) from error

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


@dataclass(frozen=True)
class Logins:
    """User and password by scheme and host, as uv takes them for an index."""

    known: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, options: Iterable[str], environment: Mapping[str, str]) -> Logins:
        """Collect them from index options, and from uv's variables."""
        known: dict[tuple[str, str], str] = {}
        places = [option.partition(" ")[2].strip() for option in options]
        for name in ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
            places += environment.get(name, "").split()
        for place in places:
            found = re.match(r"([\w-]+)=(?=\w+://)", place)
            url = urlsplit(place[found.end() :] if found else place)
            user, password = unquote(url.username or ""), unquote(url.password or "")
            if found:
                key = re.sub(r"[^A-Z0-9]", "_", found[1].upper())
                user = user or environment.get(f"UV_INDEX_{key}_USERNAME", "")
                password = password or environment.get(f"UV_INDEX_{key}_PASSWORD", "")
            if url.hostname and (user or password):
                known[url.scheme, _host(url.netloc)] = f"{user}:{password}"
        return cls(known)

    def header(self, url: str) -> str:
        """Return the Authorization header for a URL, or an empty text."""
        parts = urlsplit(url)
        login = self.known.get((parts.scheme, _host(parts.netloc)), "")
        if parts.username or parts.password:
            login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        login = login or _netrc(parts.hostname or "")
        return f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""


NO_LOGINS = Logins({})


def open_file(url: str, sha256: str, logins: Logins, keep: Path) -> Source:
    """Return the file behind a URL, ready to be read in parts.

    When the server sends it whole, it is written to ``keep`` and its ``sha256``, if known, is
    checked. Raise UnreadableError when it cannot be had.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Local(Path(unquote(parts.path)))
    if parts.scheme not in ("http", "https"):
        raise UnreadableError(f"{parts.scheme}: is no scheme of an index")
    with _ask(url, logins, f"bytes=-{TAIL}") as answer:
        if answer.status == 206 and not answer.headers.get("Content-Encoding"):
            start, end, size = _span(answer)
            tail = answer.read(TAIL + 1)
            if end + 1 == size and len(tail) == size - start:
                return _Ranged(url, logins, size, start, tail)
        elif answer.status == 200:
            return _whole(answer, sha256, keep)
    with _ask(url, logins, "") as answer:
        return _whole(answer, sha256, keep)


class _Ranged:
    """A file of a server that honours ranges; its end is here already."""

    def __init__(self, url: str, logins: Logins, size: int, start: int, tail: bytes) -> None:
        self.size = size
        self._url = url
        self._logins = logins
        self._start = start
        self._tail = tail

    def read(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        if start >= end:
            return b""
        if start >= self._start:
            return self._tail[start - self._start : end - self._start]
        with _ask(self._url, self._logins, f"bytes={start}-{end - 1}") as answer:
            if answer.status != 206 or _span(answer) != (start, end - 1, self.size):
                raise UnreadableError("the server honours some ranges and others not")
            data = answer.read(end - start + 1)
        if len(data) != end - start:
            raise UnreadableError("the server sent less than it said")
        return data


def _whole(answer: http.client.HTTPResponse, sha256: str, keep: Path) -> Local:
    digest = hashlib.sha256()
    try:
        with keep.open("wb") as out:
            while block := answer.read(BLOCK):
                digest.update(block)
                out.write(block)
    except (OSError, http.client.HTTPException) as error:
        raise UnreadableError(f"the download broke off: {error}") from error
    if answer.length:
        raise UnreadableError("the download broke off")
    if sha256 and digest.hexdigest() != sha256:
        raise UnreadableError(f"its SHA-256 is {digest.hexdigest()}, and the index says {sha256}")
    return Local(keep)


def _ask(url: str, logins: Logins, span: str) -> http.client.HTTPResponse:
    """Ask for a file, or for a span of it; again after a while when the server has trouble."""
    for pause in PAUSES:
        try:
            return _ask_once(url, logins, span)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 or (span and error.code in NO_RANGES):
                break
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(pause)
    host = _host(urlsplit(url).netloc)
    try:
        return _ask_once(url, logins, span)
    except urllib.error.HTTPError as error:
        error.close()
        if span and error.code in NO_RANGES:
            return _ask(url, logins, "")
        raise UnreadableError(f"{host} answers {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise UnreadableError(f"{host}: {error}") from error


def _ask_once(url: str, logins: Logins, span: str) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=_host(parts.netloc), fragment=""))
    # Whoever calls has checked that it is http or https.
    request = urllib.request.Request(bare, headers={"Accept-Encoding": "identity"})  # noqa: S310
    if span:
        request.add_header("Range", span)
    if login := logins.header(url):
        # Not for other hosts that the server may send us to.
        request.add_unredirected_header("Authorization", login)
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310
    return answer


def _span(answer: http.client.HTTPResponse) -> tuple[int, int, int]:
    found = SPAN.fullmatch(answer.headers.get("Content-Range", ""))
    if not found:
        raise UnreadableError("the server sent a part and does not say which")
    return int(found[1]), int(found[2]), int(found[3])


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2]


def _netrc(host: str) -> str:
    try:
        entry = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return ""
    return f"{entry[0]}:{entry[2]}" if entry else ""
