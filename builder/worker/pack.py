"""Packing: a zip whose bytes depend on the files alone, deflated on all processors.

What is guaranteed: the same names, contents and exec bits give the same bytes, whatever the build's
folder, umask, times, order of the file system, number of processors or Python version. The deflated
bytes themselves are zlib's: another implementation of zlib may choose others.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Deque, Iterable, Iterator, Sequence

from .errors import BuildError
from .files import LayerFile

LEVEL = 6
MEMORY_LEVEL = 8
CHUNK = 1 << 20
"""Files larger than this are deflated in parts of this size, on several processors at once."""
WINDOW = 1 << 15
"""What deflate looks back: each part is given the end of the part before as its dictionary."""
GROUP_FILES = 64
MOST_ENTRIES = 0xFFFF - 1
"""More would need zip64's end record, which Lambda does not promise to read."""

STORED, DEFLATED = 0, 8
VERSION = 20
MADE_BY_UNIX = 3 << 8 | VERSION
UTF8_NAMES = 0x800
DATE = 1 << 5 | 1
"""1980-01-01, the first day that a zip can hold, in DOS form."""


@dataclass(frozen=True)
class Packed:
    """The zip that was written."""

    size: int
    sha256: bytes


@dataclass(frozen=True)
class Member:
    """One file as it stands in the zip."""

    file: LayerFile
    method: int
    crc: int
    parts: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """The bytes it takes, without its headers."""
        return sum(map(len, self.parts))


def pack(files: Sequence[LayerFile], path: Path, workers: int | None = None) -> Packed:
    """Write the files, sorted by name, into a new zip."""
    if len(files) > MOST_ENTRIES:
        raise BuildError(
            f"the layer has {len(files):,} files",
            where="the installed packages",
            expected=f"at most {MOST_ENTRIES:,}, what a zip can hold without extensions",
            fix="leave out files with the layer's exclude",
        )
    ordered = sorted(files, key=lambda file: file.name.encode("utf-8"))
    count = workers or os.cpu_count() or 1
    with path.open("wb") as out, ThreadPoolExecutor(count) as pool:
        writer = _Writer(out)
        for member in _members(ordered, pool, count):
            writer.add(member)
        return writer.end()


def _members(
    files: Sequence[LayerFile], pool: ThreadPoolExecutor, workers: int
) -> Iterator[Member]:
    """Yield members in order while a few jobs ahead are under way: memory stays bounded."""
    waiting: Deque[Callable[[], list[Member]]] = deque()
    weight: Deque[int] = deque()
    for job in _jobs(files):
        if len(job) == 1 and job[0].size > CHUNK:
            waiting.append(_submit_parts(job[0], pool))
        else:
            waiting.append(pool.submit(_deflate_group, job).result)
        weight.append(sum(file.size for file in job))
        while sum(weight) > CHUNK * 8 * workers and len(weight) > 1:
            weight.popleft()
            yield from waiting.popleft()()
    for result in waiting:
        yield from result()


def _jobs(files: Iterable[LayerFile]) -> Iterator[list[LayerFile]]:
    """Group small files, so that a job is worth handing over; large files stand alone."""
    group: list[LayerFile] = []
    size = 0
    for file in files:
        if group and (size + file.size > CHUNK or len(group) == GROUP_FILES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


def _deflate_group(files: Sequence[LayerFile]) -> list[Member]:
    return [
        _deflate(file, file.path.read_bytes() if file.data is None else file.data) for file in files
    ]


def _deflate(file: LayerFile, data: bytes) -> Member:
    return _member(file, zlib.crc32(data), (deflate(data, b"", last=True),), (data,))


def _member(
    file: LayerFile, crc: int, parts: tuple[bytes, ...], original: tuple[bytes, ...]
) -> Member:
    """Keep what deflate made, unless the file is smaller as it is."""
    if sum(map(len, parts)) < sum(map(len, original)):
        return Member(file, DEFLATED, crc, parts)
    return Member(file, STORED, crc, original)


def _submit_parts(file: LayerFile, pool: ThreadPoolExecutor) -> Callable[[], list[Member]]:
    """Deflate a large file in parts; return what waits for them all."""
    starts = range(0, file.size, CHUNK)
    parts = [pool.submit(_deflate_part, file, start) for start in starts]
    crc = pool.submit(_crc, file)

    def join(parts: list[Future[bytes]] = parts, crc: Future[int] = crc) -> list[Member]:
        deflated = tuple(part.result() for part in parts)
        if sum(map(len, deflated)) < file.size:
            return [Member(file, DEFLATED, crc.result(), deflated)]
        return [Member(file, STORED, crc.result(), (file.path.read_bytes(),))]

    return join


def _deflate_part(file: LayerFile, start: int) -> bytes:
    before = min(start, WINDOW)
    with file.path.open("rb") as source:
        source.seek(start - before)
        data = source.read(before + CHUNK)
    last = start + CHUNK >= file.size
    return deflate(data[before:], data[:before], last=last)


def deflate(data: bytes, dictionary: bytes, *, last: bool) -> bytes:
    """Return one part of a raw deflate stream; parts stand one behind the other."""
    if dictionary:
        engine = zlib.compressobj(
            LEVEL, zlib.DEFLATED, -15, MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, dictionary
        )
    else:
        engine = zlib.compressobj(LEVEL, zlib.DEFLATED, -15, MEMORY_LEVEL)
    start = engine.compress(data)
    return start + engine.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def _crc(file: LayerFile) -> int:
    crc = 0
    with file.path.open("rb") as source:
        for block in iter(lambda: source.read(CHUNK), b""):
            crc = zlib.crc32(block, crc)
    return crc


class _Writer:
    """Writes the zip's structures (PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.16)."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._sha256 = hashlib.sha256()
        self._position = 0
        self._directory: list[bytes] = []

    def add(self, member: Member) -> None:
        name = member.file.name.encode("utf-8")
        common = struct.pack(
            "<HHHHHIIIHH",
            *(VERSION, UTF8_NAMES, member.method, 0, DATE),
            *(member.crc, member.size, member.file.size, len(name), 0),
        )
        attributes = (stat.S_IFREG | member.file.mode) << 16
        tail = struct.pack("<HHHII", 0, 0, 0, attributes, self._position)
        self._directory.append(b"PK\1\2" + struct.pack("<H", MADE_BY_UNIX) + common + tail + name)
        self._write(b"PK\3\4" + common + name)
        for part in member.parts:
            self._write(part)

    def end(self) -> Packed:
        start = self._position
        for entry in self._directory:
            self._write(entry)
        count = len(self._directory)
        length = self._position - start
        self._write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, length, start, 0))
        return Packed(self._position, self._sha256.digest())

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._sha256.update(data)
        self._position += len(data)
