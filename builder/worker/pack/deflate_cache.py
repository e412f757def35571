"""Deflated files that are kept from one build of a layer to the next, by the hash of their content.

What is kept is the last zip itself, as a second name for the same file, with an index beside it.
Only the same version of the worker uses it, and nothing of it is believed: what is found must
inflate to the very content that is packed (pack.py), for code of dependencies runs in builds and
could have written here.
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
    """Where the deflated bytes of one content are in the zip."""

    digest: str
    start: int
    length: int


class Kept:
    """What the last build left; nothing when it left nothing, or something else."""

    def __init__(self, places: Mapping[str, Place], data: bytes = b"") -> None:
        self._places = places
        self._data = data

    def find(self, digest: str) -> Optional[bytes]:
        """Return what is kept as the deflated bytes of a content, or None."""
        place = self._places.get(digest)
        if place is None:
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
    except (OSError, ValueError, KeyError, TypeError):
        return Kept({})
    return Kept(places, data)


def save(version: str, layer: Path, places: Sequence[Place]) -> None:
    """Keep a zip and where its deflated files are; a failure only costs the next build time."""
    where = folder()
    if where is None:
        return
    rows = [[place.digest, place.start, place.length] for place in places]
    index = {"version": version, "places": rows}
    partial = where / f"{ZIP}.{os.getpid()}"
    try:
        where.mkdir(parents=True, exist_ok=True)
        (where / INDEX).unlink(missing_ok=True)
        try:
            os.link(layer, partial)
        except OSError:
            shutil.copyfile(layer, partial)
        partial.replace(where / ZIP)
        (where / INDEX).write_text(json.dumps(index), encoding="utf-8")
    except OSError:
        shutil.rmtree(where, ignore_errors=True)
