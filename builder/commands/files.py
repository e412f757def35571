"""Files that commands write where the user says."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from builder.errors import LayerError
from builder.room import is_full


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
    """Make a folder with these files, or none of them.

    Raise LayerError when it cannot be made, or is there.
    """
    with contextlib.ExitStack() as undo:
        try:
            path.mkdir()
            undo.callback(shutil.rmtree, path, ignore_errors=True)
            for name, content in files.items():
                (path / name).write_bytes(content)
        except OSError as error:
            raise _not_written(path, error) from error
        undo.pop_all()


def _not_written(path: Path, error: OSError) -> LayerError:
    if isinstance(error, FileExistsError):
        return LayerError(
            f"there is a {path.name} already",
            where=str(path.absolute()),
            expected="a path where nothing is: what is there is never overwritten",
            fix="keep that one; or move it away and run the command again",
        )
    return LayerError(
        f"{path} cannot be written: {error.strerror}",
        where=str(path.absolute()),
        expected="a folder that is there and that you may write to",
        fix="make room there, or name another place" if is_full(error) else "name another place",
    )
