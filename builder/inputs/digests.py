"""Digests of files that were read before and have not changed since: an index for each layer.

A file is taken for unchanged when size, times, inode and device are what they were, as git does it.
ctime is among the times, which no program can set. What git calls racy is left out: a file that
was changed within the last minute before it was read may change again without another time, be it
within one tick of the clock, or by a program that has it mapped and whose page is not written back
yet (Linux writes back after 30 s: kernel documentation, "dirty_expire_centisecs").
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from builder import __version__
from builder.documents import Malformed, read_json, typed
from builder.errors import LayerError
from builder.user_cache import folder, place, replacing

FOLDER, FORMAT = "files", 1

CALM = 60 * 10**9
"""Nanoseconds for which a file must not have changed before it was read."""

WORTH = 4 << 20
"""Bytes of a layer's files below which reading them is as quick as an index."""

LARGEST = 64 << 20
"""Bytes of an index, which has about 200 for each file."""

READERS = 4
"""Files that are read at the same time."""
TOGETHER = 64
"""Files of one job: to hand over a job takes as long as to read a small file."""

DIGITS = 64

SEPARATOR = " "


def stamp_of(status: os.stat_result) -> str:
    """Return what changes when a file does."""
    parts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
    return SEPARATOR.join(map(str, parts))


@dataclass
class Digests:
    """What is known of a layer's files, by path: stamp and SHA-256; several threads may use it."""

    place: Path | None
    known: Mapping[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    size: int = 0
    is_new: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, path: str, status: os.stat_result) -> str | None:
        """Return the SHA-256 (hex) of a file that is what it was, None when it has to be read."""
        stamp, _, digest = self.known.get(path, "").rpartition(SEPARATOR)
        if stamp != stamp_of(status) or len(digest) != DIGITS:
            return None
        self._note(path, status, digest)
        return digest

    def read(
        self, path: str, file: Path | str, before: os.stat_result, content: Callable[[], bytes]
    ) -> str:
        """Return the SHA-256 of a file's content, and remember it unless the file is racy.

        ``before`` is how the file was at some time before this call.
        """
        began = time.time_ns()
        digest = hashlib.sha256(content()).hexdigest()
        # Times that are ahead of the clock say nothing.
        is_calm = max(before.st_mtime_ns, before.st_ctime_ns) < began - CALM
        if is_calm and stamp_of(os.stat(file)) == stamp_of(before):  # noqa: PTH116 - half of Path.stat
            self.is_new = True
            self._note(path, before, digest)
        return digest

    def _note(self, path: str, status: os.stat_result, digest: str) -> None:
        with self._lock:
            self.found[path] = f"{stamp_of(status)}{SEPARATOR}{digest}"
            self.size += status.st_size

    def keep(self) -> None:
        """Write the index if it has something new and is worth it; without a cache, not."""
        if self.place is None or not self.is_new or self.size < WORTH:
            return
        with contextlib.suppress(OSError, LayerError):
            folder(FOLDER)
            with replacing(self.place) as file:
                file.write(json.dumps({"files": self.found}).encode())


@dataclass(frozen=True)
class _Stored:
    """The index as JSON has it."""

    files: Mapping[str, str]


def digests_of(root: Path, layer: str) -> Digests:
    """Return the index of a layer, empty where there is none that can be read.

    There is none on Windows, whose ctime is when a file was made.
    """
    if os.name == "nt":
        return Digests(None)
    who = f"{FORMAT} {__version__} {layer} {os.path.realpath(root)}"
    name = hashlib.sha256(os.fsencode(who)).hexdigest()
    try:
        index = place(FOLDER) / f"{name[:32]}.json"
    except RuntimeError:  # there is no home folder
        return Digests(None)
    try:
        return Digests(index, typed(_Stored, read_json(index.read_bytes(), largest=LARGEST)).files)
    except (OSError, Malformed):
        return Digests(index)


def of_many(digest: Callable[[str], str], paths: Sequence[str]) -> dict[str, str]:
    """Return the digests of files, of which several are read at once; raise the first error.

    (Python documentation, hashlib: it hashes beside other threads.)
    """

    def some(start: int) -> dict[str, str]:
        return {path: digest(path) for path in paths[start : start + TOGETHER]}

    with ThreadPoolExecutor(READERS) as pool:
        found: dict[str, str] = {}
        for part in pool.map(some, range(0, len(paths), TOGETHER)):
            found |= part
    return found
