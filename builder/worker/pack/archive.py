"""The worker's own zips read and joined: their entries are copied as they are, byte for byte.

Only what our packing writes is read: no zip64, no comments, no encryption, no data descriptors.
Whatever else a part holds was not made by this worker and is refused. Offsets of the structures:
PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Iterator, Sequence

from ..errors import BuildError
from .pack import MOST_ENTRIES, Packed

BLOCK = 1 << 20
LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
LOCAL_SIZE, CENTRAL_SIZE, END_SIZE = 30, 46, 22
KNOWN_FLAGS = {0, 0x800}
"""None, or "the name is UTF-8"."""
KNOWN_METHODS = {0, 8}
LARGEST = 0xFFFFFFFF


@dataclass(frozen=True)
class Entry:
    """One file of a zip: where its bytes with their header are, and what the directory says."""

    name: str
    size: int
    archive: Path
    start: int
    length: int
    central: bytes

    @property
    def content(self) -> tuple[int, int]:
        """What tells its content from another: CRC-32 and size, as the directory has them."""
        (crc,) = struct.unpack_from("<I", self.central, 16)
        return crc, self.size

    def directed_to(self, offset: int) -> bytes:
        """Return the directory's record of the entry when its header is at this offset."""
        return self.central[:42] + struct.pack("<I", offset) + self.central[46:]


def read(path: Path) -> list[Entry]:
    """Return the entries of a zip in the directory's order; raise BuildError if it is not ours."""
    with path.open("rb") as file:
        try:
            return list(_entries(file, path))
        except struct.error as error:
            raise _foreign(path, "it ends too early") from error


def join(entries: Sequence[Entry], path: Path) -> Packed:
    """Write entries, sorted by name, into a new zip: the order they are given in changes nothing.

    Raise BuildError when two have one name, or when they are more than a zip can hold. A zip that
    cannot be written whole is not there.
    """
    ordered = sorted(entries, key=lambda entry: entry.name.encode("utf-8"))
    _check(ordered)
    try:
        return _write(ordered, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _write(ordered: Sequence[Entry], path: Path) -> Packed:
    with path.open("wb") as out:
        writer = _Writer(out)
        directory = [entry.directed_to(writer.copy(entry)) for entry in ordered]
        start = writer.position
        for record in directory:
            writer.write(record)
        count, length = len(ordered), writer.position - start
        if writer.position > LARGEST:
            raise _too_large(f"{writer.position:,} bytes", f"at most {LARGEST:,}")
        writer.write(END + struct.pack("<HHHHIIH", 0, 0, count, count, length, start, 0))
        return Packed(writer.position, writer.sha256.digest())


def _check(ordered: Sequence[Entry]) -> None:
    if len(ordered) > MOST_ENTRIES:
        raise _too_large(f"{len(ordered):,} files", f"at most {MOST_ENTRIES:,}")
    before = None
    for entry in ordered:
        if entry.name == before:
            raise BuildError(
                "two files of the layer have one name",
                where=entry.name,
                expected="each name once",
                fix="build the layer anew with force_rebuild; if it stays, it is our error",
            )
        before = entry.name


def _entries(file: BinaryIO, path: Path) -> Iterator[Entry]:
    size = path.stat().st_size
    if size < END_SIZE:
        raise _foreign(path, "it has no directory")
    file.seek(size - END_SIZE)
    end = file.read(END_SIZE)
    disk, first, here, count, length, start, comment = struct.unpack("<HHHHIIH", end[4:])
    whole = start + length + END_SIZE == size and (disk, first, comment) == (0, 0, 0)
    if end[:4] != END or not whole or here != count:
        raise _foreign(path, "its directory is not at its end")
    file.seek(start)
    directory = file.read(length)
    position = 0
    for _ in range(count):
        # Name, extra field and comment stand behind each record.
        behind = sum(struct.unpack("<HHH", directory[position + 28 : position + 34]))
        central = directory[position : position + CENTRAL_SIZE + behind]
        yield _entry(file, path, central, start)
        position += len(central)
    if position != length:
        raise _foreign(path, "its directory has more than it says")


def _entry(file: BinaryIO, path: Path, central: bytes, end: int) -> Entry:
    flags, method = struct.unpack("<HH", central[8:12])
    packed, size, name_size = struct.unpack("<IIH", central[20:30])
    (offset,) = struct.unpack("<I", central[42:46])
    raw = central[CENTRAL_SIZE : CENTRAL_SIZE + name_size]
    if central[:4] != CENTRAL or flags not in KNOWN_FLAGS or method not in KNOWN_METHODS:
        raise _foreign(path, f"the entry {raw!r} is of a kind that we do not write")
    file.seek(offset)
    local = file.read(LOCAL_SIZE)
    local_name, local_extra = struct.unpack("<HH", local[26:30])
    # From "version needed" to the length of the name both headers say the same.
    if local[:4] != LOCAL or local[4:28] != central[6:30] or file.read(local_name) != raw:
        raise _foreign(path, f"the two headers of {raw!r} contradict each other")
    length = LOCAL_SIZE + local_name + local_extra + packed
    if offset + length > end:
        raise _foreign(path, f"the entry {raw!r} reaches into the directory")
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _foreign(path, f"the name {raw!r} is not UTF-8") from error
    return Entry(name, size, path, offset, length, central)


class _Writer:
    """Writes, counts and digests."""

    def __init__(self, out: BinaryIO) -> None:
        self.position = 0
        self.sha256 = hashlib.sha256()
        self._out = out

    def copy(self, entry: Entry) -> int:
        """Copy an entry with its header; return where it begins."""
        begins = self.position
        with entry.archive.open("rb") as source:
            source.seek(entry.start)
            left = entry.length
            while left:
                block = source.read(min(left, BLOCK))
                if not block:
                    raise _foreign(entry.archive, "it became shorter while it was read")
                self.write(block)
                left -= len(block)
        return begins

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.sha256.update(data)
        self.position += len(data)


def _foreign(path: Path, why: str) -> BuildError:
    return BuildError(
        f"a part of the layer cannot be read: {why}",
        where=str(path),
        expected="a zip that this worker wrote",
        fix="build the layer anew with force_rebuild",
    )


def _too_large(what: str, expected: str) -> BuildError:
    return BuildError(
        f"the layer has {what}",
        where="all targets together",
        expected=f"{expected}, what a zip can hold without extensions",
        fix="leave out files with the layer's exclude, or make one layer a target",
    )
