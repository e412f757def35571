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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

TAIL = 1 << 18
"""Bytes asked for first, from the end: whole small wheels, and most directories."""
BLOCK = 1 << 20
SECONDS = 60.0
PAUSES = (0.5, 2.0)
LONGEST_PAUSE = 10.0
"""Seconds; a server that wants to be left alone for longer is asked again all the same."""
NO_RANGES = {400, 405, 416, 501}
"""What servers answer that do not know ranges from the end, beside 200 with everything."""
LATER = {408, 425, 429}
"""Answers below 500 that may be others a while later (RFC 9110, RFC 8470, RFC 6585)."""
SPAN = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

T = TypeVar("T")


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

    def first(answer: http.client.HTTPResponse) -> Source | None:
        if answer.status == 206 and not answer.headers.get("Content-Encoding"):
            start, end, size = _span(answer)
            tail = _body(answer, TAIL + 1)
            if end + 1 == size and len(tail) == size - start:
                return _Ranged(url, logins, size, start, tail)
        return _whole(answer, sha256, keep) if answer.status == 200 else None

    found = _ask(url, logins, f"bytes=-{TAIL}", first)
    return found or _ask(url, logins, "", lambda answer: _whole(answer, sha256, keep))


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

        def part(answer: http.client.HTTPResponse) -> bytes:
            if answer.status != 206 or _span(answer) != (start, end - 1, self.size):
                raise UnreadableError("the server honours some ranges and others not")
            data = _body(answer, end - start + 1)
            if len(data) != end - start:
                raise UnreadableError("the server sent another part than it said")
            return data

        return _ask(self._url, self._logins, f"bytes={start}-{end - 1}", part)


def _body(answer: http.client.HTTPResponse, most: int) -> bytes:
    """Return the answer's body, of which no more than ``most`` bytes are wanted."""
    try:
        data = answer.read(most)
    except http.client.IncompleteRead as error:
        raise ConnectionError("the download broke off") from error
    if answer.length and len(data) < most:
        raise ConnectionError("the download broke off")
    return data


def _whole(answer: http.client.HTTPResponse, sha256: str, keep: Path) -> Local:
    digest = hashlib.sha256()
    try:
        out = keep.open("wb")
    except OSError as error:
        raise UnreadableError(f"it cannot be kept: {error}") from error
    with out:
        while block := _body(answer, BLOCK):
            digest.update(block)
            try:
                out.write(block)
            except OSError as error:
                raise UnreadableError(f"it cannot be kept: {error}") from error
    if sha256 and digest.hexdigest() != sha256:
        raise UnreadableError(f"its SHA-256 is {digest.hexdigest()}, and the index says {sha256}")
    return Local(keep)


def _ask(url: str, logins: Logins, span: str, take: Callable[[http.client.HTTPResponse], T]) -> T:
    """Ask for a file, or for a span of it, and return what ``take`` makes of the answer.

    When the server has trouble it is asked again after a while.
    """
    host = _host(urlsplit(url).netloc)
    for pause in (*PAUSES, None):
        try:
            with _ask_once(url, logins, span) as answer:
                return take(answer)
        except urllib.error.HTTPError as error:
            error.close()
            if span and error.code in NO_RANGES:
                break
            if pause is None or (error.code < 500 and error.code not in LATER):
                raise UnreadableError(f"{host} answers {error.code}") from error
            pause = max(pause, _wanted_pause(error.headers.get("Retry-After", "")))
        except (OSError, http.client.HTTPException) as error:
            if pause is None:
                raise UnreadableError(f"{host}: {error}") from error
        time.sleep(pause)
    return _ask(url, logins, "", take)


def _wanted_pause(text: str) -> float:
    """Return the seconds that a server wants to be left alone, as far as we wait for it."""
    return min(float(text), LONGEST_PAUSE) if re.fullmatch(r"\d{1,9}", text) else 0.0


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
