"""Deflated files that are kept from one build of a layer to the next, by the hash of their content.

What is kept is the last zip itself, as a second name for the same file, with an index beside it. An
entry is used only when content, size and CRC agree, the zip is whole, and the same worker made it:
then its bytes are those that deflating would give again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence

CACHE = "LAYER_DEFLATED_CACHE"
"""The variable that names the folder."""
ZIP, INDEX = "layer.zip", "index.json"


@dataclass(frozen=True)
class Place:
    """Where one file's deflated bytes are in the zip, and the CRC of its content."""

    digest: str
    crc: int
    start: int
    length: int


class Kept:
    """What the last build left; nothing when it left nothing, or something else."""

    def __init__(self, places: Mapping[str, Place], data: bytes = b"") -> None:
        self._places = places
        self._data = data

    def find(self, digest: str, crc: int) -> Optional[bytes]:
        """Return the deflated bytes of a content, or None."""
        place = self._places.get(digest)
        if place is None or place.crc != crc:
            return None
        return self._data[place.start : place.start + place.length]


def digest(data: bytes) -> str:
    """Return the name of a content."""
    return hashlib.sha256(data).hexdigest()


def folder() -> Optional[Path]:
    """Return where deflated files are kept, or None when they are not."""
    named = os.environ.get(CACHE, "")
    return Path(named) if named else None


def load(version: str) -> Kept:
    """Return what a build by this version of the worker has left."""
    where = folder()
    if where is None:
        return Kept({})
    try:
        index = json.loads((where / INDEX).read_text(encoding="utf-8"))
        if index["version"] != version:
            return Kept({})
        places = {row[0]: Place(*row) for row in index["places"]}
        data = (where / ZIP).read_bytes()
        whole = hashlib.sha256(data).hexdigest() == index["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return Kept({})
    return Kept(places, data) if whole else Kept({})


def save(version: str, layer: Path, sha256: bytes, places: Sequence[Place]) -> None:
    """Keep a zip and where its deflated files are; a failure only costs the next build time."""
    where = folder()
    if where is None:
        return
    rows = [[place.digest, place.crc, place.start, place.length] for place in places]
    index = {"version": version, "sha256": sha256.hex(), "places": rows}
    try:
        where.mkdir(parents=True, exist_ok=True)
        (where / INDEX).unlink(missing_ok=True)
        (where / ZIP).unlink(missing_ok=True)
        try:
            os.link(layer, where / ZIP)
        except OSError:
            shutil.copyfile(layer, where / ZIP)
        (where / INDEX).write_text(json.dumps(index), encoding="utf-8")
    except OSError:
        shutil.rmtree(where, ignore_errors=True)
