"""The lock: which versions one target gets, as uv resolved them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Iterable
from urllib.parse import unquote, urlsplit

from ..log import CREDENTIALS
from ..names import normalize

PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
DIRECT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) @ (\S+)")


@dataclass(frozen=True)
class Pin:
    """One distribution of an index or behind a URL, with the line that installs it."""

    name: str
    version: str
    line: str

    @property
    def hashed(self) -> bool:
        """Whether the line carries hashes, so that what is downloaded can be checked."""
        return "--hash=" in self.line

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes of the files that may be downloaded, as ``sha256:...``."""
        return tuple(re.findall(r"--hash=(\S+)", self.line))


@dataclass(frozen=True)
class Lock:
    """What uv resolved for one target.

    ``folders`` are source folders of the project, as uv wrote them; ``options`` are the index
    options of the user's own files, which may carry credentials and stay inside the build.
    ``from_source`` names the distributions that have no wheel that fits; ``older`` has, for some of
    them, a version that does have one.
    """

    pins: tuple[Pin, ...]
    folders: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    from_source: tuple[str, ...] = ()
    older: tuple[tuple[str, str], ...] = ()

    def text(self, header: Iterable[str]) -> str:
        """Return the lock for people and for the release: no paths, no credentials."""
        lines = [f"# {line}" for line in header]
        lines += [CREDENTIALS.sub("", pin.line) for pin in self.pins]
        return "\n".join(lines) + "\n"


def parse(text: str) -> Lock:
    """Read what ``uv pip compile`` wrote."""
    pins: list[Pin] = []
    folders: list[str] = []
    options: list[str] = []
    for line in _logical_lines(text):
        first = line.split("\n", 1)[0].rstrip("\\ ")
        pinned, direct = PIN.match(first), DIRECT.match(first)
        if first.startswith(("-e ", "--editable ")):
            folders.append(first.split(" ", 1)[1])
        elif first.startswith("-"):
            options.append(first)
        elif pinned:
            pins.append(Pin(normalize(pinned[1]), pinned[2], line))
        elif direct and (folder := _folder(direct[2])):
            folders.append(folder)
        elif direct:
            pins.append(Pin(normalize(direct[1]), "", line))
        else:
            folders.append(first)
    return Lock(tuple(pins), tuple(folders), tuple(options))


def _logical_lines(text: str) -> Iterable[str]:
    """Yield entries with their continuation lines, without comments."""
    entry: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry.append(line)
        if not line.endswith("\\"):
            yield "\n".join(entry)
            entry = []


def _folder(url: str) -> str | None:
    """Return the folder or file behind a ``file:`` URL, or None when it is elsewhere."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[; uv says what is wrong with it
        return None
    path = unquote(parts.path)
    return path if parts.scheme == "file" and os.path.exists(path) else None  # noqa: PTH110 - no error for odd paths
