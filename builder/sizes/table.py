"""A wheel's table of contents: names and sizes of its files, and the text of its modules."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.sizes.packing import STORED_SAMPLE, deflated, of_stored, share
from builder.sizes.web import Source, UnreadableError
from builder.user_cache import replacing
from builder.worker.zips import BROKEN

TEXTS = (".py", ".pyx", ".pth")
RECORD = ".dist-info/RECORD"
"""How a RECORD's name ends: the wheel's own, and those of distributions that it has inside."""
LARGEST_TEXT = 1 << 25
LARGEST_SCRIPT = 1 << 16
LARGEST_TEXTS = 1 << 29
MOST_ENTRIES = 300_000
GAP = 1 << 18
"""Bytes between two texts that are read with them, rather than in a request of their own."""
HEADER = 30 + 1024
"""Bytes that an entry's own header takes at most, as far as they are read ahead."""
TOC = "table-5.json"
"""Changes with what a kept table means: one of another version is read as none."""


@dataclass(frozen=True)
class Entry:
    """One file: its size in bytes, and what it takes deflated."""

    size: int
    packed: int


@dataclass(frozen=True)
class Table:
    """The files of a wheel by name; ``texts`` has what those hold that the worker judges by."""

    entries: Mapping[str, Entry]
    texts: Mapping[str, bytes]


def read(source: Source) -> Table:
    """Read a wheel's table; raise UnreadableError when it is none, or larger than any wheel is."""
    file = _Parts(source)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MOST_ENTRIES:
                raise UnreadableError(f"it has {len(infos):,} files")
            wanted = [info for info in infos if _is_wanted(info)]
            if sum(info.file_size for info in wanted) > LARGEST_TEXTS:
                raise UnreadableError("its modules are larger than those of any package")
            stored = [info for info in infos if _is_stored(info) and not _is_wanted(info)]
            file.read_ahead([
                *((i.header_offset, i.header_offset + i.compress_size + HEADER) for i in wanted),
                *((i.header_offset, i.header_offset + STORED_SAMPLE + HEADER) for i in stored),
            ])  # fmt: skip
            texts = {info.filename: _text(archive, info) for info in wanted}
            samples = {info.filename: _sample(archive, info) for info in stored}
    except BROKEN as error:
        raise UnreadableError(f"it is no wheel: {error}") from error
    if not any(name.endswith(RECORD) and name.count("/") == 1 for name in texts):
        raise UnreadableError("it has no RECORD, so nothing installs it")
    denser = share(infos, texts)
    entries = {}
    for info in infos:
        name, packed = info.filename, info.compress_size
        if name in samples:
            packed = of_stored(samples[name], info.file_size)
        elif name not in texts:
            packed = round(packed * denser)
        elif _is_stored(info):
            packed = deflated(texts[name])
        entries[name] = Entry(info.file_size, packed)
    return Table(entries, texts)


def is_text(name: str) -> bool:
    """Return whether the worker's judgement may read the file: modules, and metadata."""
    return name.endswith((*TEXTS, RECORD)) or name.split("/", 1)[0].endswith(".dist-info")


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    """Whether the content is read: of what is judged, and of scripts, which are written anew."""
    first, _, rest = info.filename.partition("/")
    is_script = first.endswith(".data") and rest.startswith("scripts/")
    # What is larger is a compiled program, such as ruff's.
    return is_text(info.filename) or (is_script and info.file_size <= LARGEST_SCRIPT)


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        data = file.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise UnreadableError(f"{info.filename} is larger than any module is")
    return data


def _is_stored(info: zipfile.ZipInfo) -> bool:
    return info.compress_type == zipfile.ZIP_STORED


def _sample(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        return file.read(STORED_SAMPLE)


def save(table: Table, path: Path) -> None:
    """Keep a table in a file, whole or not at all."""
    rows = [[name, entry.size, entry.packed] for name, entry in table.entries.items()]
    with (
        replacing(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        archive.writestr(TOC, json.dumps(rows))
        for index, (text, data) in enumerate(table.texts.items()):
            archive.writestr(f"{index}/{text}", data)


def load(path: Path) -> Table | None:
    """Return a table that was kept; None when there is none, or none that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            rows = json.loads(archive.read(TOC))
            names = [name for name in archive.namelist() if name != TOC]
            texts = {name.partition("/")[2]: archive.read(name) for name in names}
        return Table({name: Entry(size, packed) for name, size, packed in rows}, texts)
    except (*BROKEN, TypeError):
        return None


class _Parts(io.RawIOBase):
    """A source as a file that zipfile can read; what was read ahead is kept."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0
        self._kept: list[tuple[int, bytes]] = []
        self._last = (0, b"")

    def read_ahead(self, spans: Sequence[tuple[int, int]]) -> None:
        """Fetch spans, those that lie close together in one."""
        joined: list[list[int]] = []
        for start, end in sorted(spans):
            if joined and start <= joined[-1][1] + GAP:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        self._kept = [(start, self._source.read(start, end)) for start, end in joined]

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size}[whence]
        self._at = base + offset
        if self._at < 0:
            raise ValueError("a place before the file's beginning")
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._source.size if size < 0 else min(self._at + size, self._source.size)
        data = self._part(self._at, end) if end > self._at else b""
        self._at += len(data)
        return data

    def _part(self, start: int, end: int) -> bytes:
        for begin, data in (self._last, *self._around(start)):
            if begin <= start and end <= begin + len(data):
                self._last = (begin, data)
                return data[start - begin : end - begin]
        return self._source.read(start, end)

    def _around(self, start: int) -> list[tuple[int, bytes]]:
        return [(begin, data) for begin, data in self._kept if begin <= start < begin + len(data)]
