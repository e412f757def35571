"""A folder as one file and back: the same bytes for the same files."""

from __future__ import annotations

import gzip
import hashlib
import logging
import shutil
import stat
import tarfile
from pathlib import Path

from hybrid_service.errors import SnapshotError

log = logging.getLogger(__name__)


def pack(folder: Path, file: Path) -> None:
    """Write the files of a folder into a tar file; nothing may write to them meanwhile.

    Folders and regular files are kept; of anything else (sockets, pipes, links) the log tells.
    """
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT, dereference=True) as archive:
        for path in sorted(folder.rglob("*")):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                archive.add(path, str(path.relative_to(folder)), recursive=False)
            else:
                log.warning("%s is neither a file nor a folder: no snapshot keeps it", path)


def compress(file: Path, target: Path) -> None:
    """Write a file compressed, without time and name."""
    with (
        file.open("rb") as source,
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
    ):
        shutil.copyfileobj(source, packed, 1 << 20)


def unpack(file: Path, folder: Path) -> None:
    """Write the files of a compressed archive into an empty folder; raise SnapshotError."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SnapshotError(f"the archive cannot be read: {error}", where=str(file)) from error


def sha256(file: Path) -> str:
    """Return a file's SHA-256, in hexadecimal digits."""
    found = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()
