"""A layer of an image: an archive whose bytes depend on the files alone.

The files are those of a zip that the worker has packed and audited. The same zip gives the same tar
on every machine, and the same compressed bytes wherever zlib is the same.

Sources of the facts: the OCI image specification 1.1, "Image Layer Filesystem Changeset" (entries
of a layer; names that begin with ``.wh.`` delete what lower layers have).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from builder.images.errors import ImageError

WHITEOUT = ".wh."
TIME = 315_532_800
"""1980-01-01, the time that the files of the zip have."""

LEVEL = 6
BLOCK = 1 << 20
PROGRAM, FILE = 0o755, 0o644


@dataclass(frozen=True)
class Layer:
    """A layer in a file: ``digest`` and ``size`` of the compressed archive, ``diff_id`` of the tar.

    ``unpacked`` counts the bytes of its files.
    """

    path: Path
    digest: str
    size: int
    diff_id: str
    unpacked: int


class _Hashing(io.RawIOBase):
    """Passes bytes on, and knows their number and SHA-256."""

    def __init__(self, out: BinaryIO | gzip.GzipFile) -> None:
        self._out = out
        self._sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]  # a buffer
        self._out.write(block)
        self._sha256.update(block)
        self.size += len(block)
        return len(block)

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


@dataclass(frozen=True)
class _Member:
    """A file to be written, below the root of the image."""

    name: str
    size: int
    mode: int
    content: bytes | zipfile.ZipInfo


def write(archive: Path, into: Path, *, below: str, more: Mapping[str, bytes] = {}) -> Layer:
    """Write the files of a zip below a folder of the image, and ``more`` by name beside them.

    Names in ``more`` are relative to the same folder. Raise ImageError for a zip that is damaged or
    holds what must not be in an image.
    """
    with _opened(archive) as files:
        members = sorted(_members(files, below, more), key=lambda member: member.name.encode())
        _check(members, archive)
        with into.open("wb") as out:
            packed = _Hashing(out)
            # Without a name and a time, or they were in the bytes.
            with gzip.GzipFile("", "wb", LEVEL, packed, mtime=0) as zipped:
                tar = _Hashing(zipped)
                try:
                    _write(tar, files, members)
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise _damaged(archive, error) from error
    unpacked = sum(member.size for member in members)
    return Layer(into, packed.digest, packed.size, tar.digest, unpacked)


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(archive, error) from error


def _members(files: zipfile.ZipFile, below: str, more: Mapping[str, bytes]) -> Iterator[_Member]:
    for info in files.infolist():
        if info.is_dir():
            continue
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _foreign(info.filename, "it is no regular file")
        mode = PROGRAM if mode & 0o100 else FILE
        yield _Member(f"{below}/{info.filename}", info.file_size, mode, info)
    for name, content in more.items():
        yield _Member(f"{below}/{name}", len(content), FILE, content)


def _check(members: Iterable[_Member], archive: Path) -> None:
    """Refuse names that an image must not have: each stands once, below its folder."""
    seen: set[str] = set()
    folders: set[str] = set()
    for member in members:
        parts = member.name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\0" in member.name:
            raise _foreign(member.name, "it is outside of the image's folder")
        if any(part.startswith(WHITEOUT) for part in parts):
            raise _foreign(member.name, "in an image such a name deletes a file of the base")
        if member.name in seen:
            raise _foreign(member.name, f"it is twice in {archive.name}")
        seen.add(member.name)
        folders.update(map(str, PurePosixPath(member.name).parents))
    both = sorted(seen & folders)
    if both:
        raise _foreign(both[0], "it is a file and a folder")


def _write(out: _Hashing, files: zipfile.ZipFile, members: Iterable[_Member]) -> None:
    made: set[str] = set()
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:
        for member in members:
            for folder in reversed(PurePosixPath(member.name).parents[:-1]):
                if str(folder) not in made:
                    made.add(str(folder))
                    tar.addfile(_entry(f"{folder}", tarfile.DIRTYPE, PROGRAM))
            entry = _entry(member.name, tarfile.REGTYPE, member.mode)
            entry.size = member.size
            if isinstance(member.content, bytes):
                tar.addfile(entry, io.BytesIO(member.content))
            else:
                with files.open(member.content) as content:
                    tar.addfile(entry, content)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, TIME
    return entry


def _foreign(name: str, why: str) -> ImageError:
    return ImageError(
        f"{name!r:.300} cannot be in an image: {why}",
        where="the files that were packed",
        expected="regular files, each once, below the folder of the packages",
        fix="leave it out with the layer's exclude",
    )


def _damaged(archive: Path, why: object) -> ImageError:
    return ImageError(
        f"the packed files cannot be read: {why}",
        where=str(archive),
        expected="the zip that the worker has left",
        fix="run it again",
    )
