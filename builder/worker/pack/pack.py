"""Packing: a zip whose bytes depend on the files alone, deflated on all processors.

What is guaranteed: the same names, contents and exec bits give the same bytes, whatever the build's
folder, umask, times, order of the file system, processor, number of processors or Python version.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Iterable, Iterator, Mapping, Optional, Sequence

from ..contents.files import LayerFile
from ..errors import BuildError
from ..processors import each
from .libdeflate import Libdeflate

LEVEL = 6
"""Smaller than zlib's level 6 at a third of its time (docs/performance.md)."""
GROUP_SIZE = 1 << 20
GROUP_FILES = 64
"""Small files are handed to a thread together, up to this size and number."""

SAMPLE = 1 << 14
SAMPLE_EVERY = 1 << 18
"""Of a file of several samples' size, this much in each part is tried before the whole."""
BLOCK = 1 << 20
MOST_ENTRIES = 0xFFFF - 1
"""More would need zip64's end record, which Lambda does not promise to read."""

NICENESS = 10

LARGEST = 0xFFFFFFFF
"""Bytes of a file, and before the directory of files, without extensions."""
HEADER = 30
"""Bytes before a file, beside its name."""

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
    """One file as it stands in the zip; ``deflated`` is None when it is stored as it is."""

    file: LayerFile
    crc: int
    deflated: Optional[bytes]

    @property
    def method(self) -> int:
        """How its bytes are written."""
        return STORED if self.deflated is None else DEFLATED

    @property
    def size(self) -> int:
        """The bytes it takes, without its headers."""
        return self.file.size if self.deflated is None else len(self.deflated)


def pack(
    files: Sequence[LayerFile],
    path: Path,
    engine: Libdeflate,
    workers: int | None = None,
    sealed: Mapping[str, bytes] | None = None,
) -> Packed:
    """Write the files, sorted by name, into a new zip.

    ``sealed`` has the SHA-256 of files by their names: raise BuildError for one that was changed
    since it was taken.
    """
    if len(files) > MOST_ENTRIES:
        raise BuildError(
            f"the layer has {len(files):,} files",
            where="the installed packages",
            expected=f"at most {MOST_ENTRIES:,}, what a zip can hold without extensions",
            fix="leave out files with the layer's exclude",
        )
    ordered = sorted(files, key=lambda file: file.name.encode("utf-8"))
    threads = ThreadPoolExecutor(workers or os.cpu_count() or 1, initializer=_give_way)
    with path.open("wb") as out, threads as pool:
        groups = list(_groups(ordered))
        # The heaviest first, so that none is left over for one processor at the end.
        heaviest = sorted(range(len(groups)), key=lambda n: -sum(f.size for f in groups[n]))
        waiting = {n: pool.submit(_members, groups[n], engine, sealed or {}) for n in heaviest}
        writer = _Writer(out)
        for number in range(len(groups)):
            for member in waiting.pop(number).result():
                writer.add(member)
        return writer.end()


def _give_way() -> None:
    """Let this thread leave the processors to the import check, which takes longer on one."""
    # On Linux alone a thread has a priority of its own (setpriority(2), "C library/kernel
    # differences"); elsewhere the number would be that of some process.
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _groups(files: Iterable[LayerFile]) -> Iterator[list[LayerFile]]:
    """Group small files, so that a job is worth handing over; large files stand alone."""
    group: list[LayerFile] = []
    size = 0
    for file in files:
        if group and (size + file.size > GROUP_SIZE or len(group) == GROUP_FILES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


def _members(
    files: Sequence[LayerFile], engine: Libdeflate, sealed: Mapping[str, bytes]
) -> list[Member]:
    return [_member(file, engine, sealed) for file in files]


def _member(file: LayerFile, engine: Libdeflate, sealed: Mapping[str, bytes]) -> Member:
    data = read(file)
    if file.data is None:
        check(file, data, sealed)
    deflated = engine.deflate(data) if shrinks(data, engine) else None
    return Member(replace(file, size=len(data)), engine.crc32(data), deflated)


def seal(files: Sequence[LayerFile]) -> dict[str, bytes]:
    """Return the SHA-256 of each file's bytes as they are now, by name."""
    digests = each(lambda file: hashlib.sha256(read(file)).digest(), files)
    return dict(zip((file.name for file in files), digests))  # noqa: B905 - strict= is of 3.10


def check(file: LayerFile, data: bytes, sealed: Mapping[str, bytes]) -> None:
    """Raise BuildError when a file's bytes are not those that were sealed."""
    expected = sealed.get(file.name)
    if expected is not None and hashlib.sha256(data).digest() != expected:
        raise _changed(file)


def _changed(file: LayerFile) -> BuildError:
    return BuildError(
        f"{file.name} was changed after it was installed and checked",
        where="the build's folder, while packages were built or their modules imported",
        expected="the bytes that were checked: nothing writes into what others bring",
        fix="find the package whose build or import writes there; the SBOM names all packages",
    )


def read(file: LayerFile) -> bytes:
    """Return the bytes that go into the layer."""
    if file.data is not None:
        return file.data
    with file.path.open("rb", buffering=0) as source:
        return source.read()


def shrinks(data: bytes, engine: Libdeflate) -> bool:
    """Whether deflating is worth a try: not for images, archives and the like."""
    if len(data) < SAMPLE_EVERY:
        return True
    starts = range(0, len(data) - SAMPLE, SAMPLE_EVERY)
    return any(engine.deflate(data[start : start + SAMPLE]) is not None for start in starts)


class _Writer:
    """Writes the zip's structures (PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.16)."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._sha256 = hashlib.sha256()
        self._position = 0
        self._directory: list[bytes] = []

    def add(self, member: Member) -> None:
        name = member.file.name.encode("utf-8")
        end = self._position + HEADER + len(name) + member.size
        if max(member.file.size, end) > LARGEST:
            raise BuildError(
                f"the packed layer would have more than {LARGEST:,} bytes",
                where=member.file.name,
                expected=f"at most {LARGEST:,}, what a zip can hold without extensions",
                fix="leave out files with the layer's exclude, or packages",
            )
        common = struct.pack(
            "<HHHHHIIIHH",
            *(VERSION, UTF8_NAMES, member.method, 0, DATE),
            *(member.crc, member.size, member.file.size, len(name), 0),
        )
        attributes = (stat.S_IFREG | member.file.mode) << 16
        tail = struct.pack("<HHHII", 0, 0, 0, attributes, self._position)
        self._directory.append(b"PK\1\2" + struct.pack("<H", MADE_BY_UNIX) + common + tail + name)
        self._write(b"PK\3\4" + common + name)
        if member.deflated is not None:
            self._write(member.deflated)
        else:
            self._copy(member)

    def end(self) -> Packed:
        start = self._position
        for entry in self._directory:
            self._write(entry)
        count = len(self._directory)
        length = self._position - start
        self._write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, length, start, 0))
        return Packed(self._position, self._sha256.digest())

    def _copy(self, member: Member) -> None:
        """Write a file as it is; it was not kept in memory until its turn."""
        file = member.file
        if file.data is not None:
            self._write(file.data)
            return
        crc, size = 0, 0
        with file.path.open("rb") as source:
            for block in iter(lambda: source.read(BLOCK), b""):
                crc, size = zlib.crc32(block, crc), size + len(block)
                self._write(block)
        if (crc, size) != (member.crc, file.size):
            raise _changed(file)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._sha256.update(data)
        self._position += len(data)
