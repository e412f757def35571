"""Hashes in the user's own requirements files: what is installed must have one of them.

uv takes the hashes of a lock from the index, whatever those are in the files that it is made of; so
they are put back before anything is installed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Iterable

from ..names import normalize
from .lock import PIN, Lock, Pin
from .project_lock import with_hashes
from .requirements_text import texts


def read(files: Iterable[Path]) -> list[Pin]:
    """Return the pins with hashes of requirements files, and of the files that they name."""
    pins: list[Pin] = []
    for _, whole in texts(files):
        for line in _logical_lines(whole):
            pinned = PIN.match(re.sub(r"\[[^][]*\]", "", line))
            if pinned and "--hash" in line:
                text = re.sub(r"--hash[=\s]+", "--hash=", line)
                pins.append(Pin(normalize(pinned[1]), pinned[2], text))
    return pins


def keep_to(own: Iterable[Pin], found: Lock) -> Lock:
    """Give the lock's pins the hashes that the user's files have for the same version."""
    lines: dict[tuple[str, str], str] = {}
    for pin in own:
        key = (pin.name, pin.version)
        lines[key] = f"{lines.get(key, '')} {pin.line}"
    pins = [
        with_hashes(pin, replace(pin, line=lines[pin.name, pin.version]))
        if (pin.name, pin.version) in lines
        else pin
        for pin in found.pins
    ]
    return replace(found, pins=tuple(pins))


def _logical_lines(text: str) -> Iterable[str]:
    for line in text.splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        if stripped:
            yield stripped
