"""Files that commands write where the user says."""

from __future__ import annotations

from collections.abc import Mapping
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import BinaryIO

from builder.errors import LayerError

FULL = {EDQUOT, EFBIG, ENOSPC}
"""What a system says where a file has no room."""


def write(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Write a file; with ``new``, only if there is none.

    Raise LayerError when it cannot be written, or with ``new`` is there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        with path.open("xb" if new else "wb") as file:
            _write(path, file, data, new=new)
    except OSError as error:
        raise _not_written(path, error) from error


def _write(path: Path, file: BinaryIO, data: bytes, *, new: bool) -> None:
    """Write all of it, or leave nothing of a new file: half of one looks like a whole one later."""
    try:
        file.write(data)
        file.flush()
    except OSError:
        if new:
            path.unlink(missing_ok=True)
        raise


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with these files; raise LayerError when it cannot be made, or is there."""
    try:
        path.mkdir()
        for name, content in files.items():
            (path / name).write_bytes(content)
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> LayerError:
    if isinstance(error, FileExistsError):
        return LayerError(
            f"there is a {path.name} already",
            where=str(path.absolute()),
            expected="a path where nothing is: what is there is never overwritten",
            fix="edit it; or remove it and run the command again",
        )
    return LayerError(
        f"{path} cannot be written: {error.strerror}",
        where=str(path.absolute()),
        expected="a folder that is there and that you may write to",
        fix="make room there, or name another place"
        if error.errno in FULL
        else "name another place",
    )
