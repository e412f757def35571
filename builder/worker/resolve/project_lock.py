"""What the project's own lock file allows: these versions, with these hashes, and no others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BuildError
from . import lock
from .lock import Lock, Pin

FILE = "locked.txt"
"""Where the bundle holds the project's lock, as pinned requirements; it is not always there."""

HASH = re.compile(r"--hash=\S+")


@dataclass(frozen=True)
class Locked:
    """The versions of a lock file; ``source`` is its path in the project."""

    source: str
    pins: tuple[Pin, ...]

    def constraints(self) -> str:
        """Return the versions as a constraints file."""
        lines = [pin.line.split("\n", 1)[0].rstrip("\\ ") for pin in self.pins if pin.version]
        return "\n".join(lines) + "\n"

    def overrides(self) -> str:
        """Return what comes from git, at the locked commit, in place of what asks for a branch."""
        return "".join(f"{pin.line}\n" for pin in self.pins if not pin.version)


def read(bundle: Path) -> Locked | None:
    """Return what the bundle's lock says, or None when the project has none."""
    path = bundle / FILE
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    return Locked(text.split("\n", 1)[0].lstrip("# "), lock.parse(text).pins)


def keep_to(locked: Locked, found: Lock) -> tuple[Lock, list[str]]:
    """Give what was resolved the lock's hashes; return it with the names that the lock lacks."""
    known = {(pin.name, pin.version): pin for pin in locked.pins}
    pins, lacking = [], []
    for pin in found.pins:
        own = known.get((pin.name, pin.version))
        if own is None and pin.version:
            lacking.append(pin.name)
        pins.append(with_hashes(pin, own) if own and own.hashed else pin)
    return replace(found, pins=tuple(pins)), lacking


def stale(locked: Locked, lacking: list[str]) -> BuildError:
    """Return the error that a lock does not have all that its package needs."""
    return BuildError(
        f"{locked.source} does not have {', '.join(lacking)}",
        where="what the package needs on this target",
        expected="a lock that was made of the pyproject.toml beside it",
        fix="make the lock again, or delete it",
    )


def with_hashes(pin: Pin, own: Pin) -> Pin:
    """Return a pin with another one's hashes in place of its own."""
    first = pin.line.split("\n", 1)[0].rstrip("\\ ")
    hashes = [f"    {text}" for text in HASH.findall(own.line)]
    return replace(pin, line=" \\\n".join([HASH.sub("", first).rstrip(), *hashes]))
