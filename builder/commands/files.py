"""Files that commands write where the user says."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from builder.errors import LayerError
from builder.room import is_full
from builder.user_cache import replacing


def write(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Write a file, all of it or nothing; with ``new``, only if there is none.

    Half of a file looks like a whole one later; what was there stays where the new one has no
    room. Raise LayerError when it cannot be written, or with ``new`` is there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        was = None if new else _own_file(path)
        if was is None:
            _write(path, data, new=new)
        else:
            _replace(path, data, was)
    except OSError as error:
        raise _not_written(path, error) from error


def _own_file(path: Path) -> os.stat_result | None:
    """Return what is known of a file that another may take the place of, None for anything else.

    A link, a pipe, a device, or a file of other names or of another user is written through.
    """
    try:
        found = path.lstat()
    except OSError:
        return None
    is_own = found.st_uid == os.getuid() if hasattr(os, "getuid") else True
    may_be = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and is_own
    return found if may_be and os.access(path.parent, os.W_OK | os.X_OK) else None


def _replace(path: Path, data: bytes, was: os.stat_result) -> None:
    with path.open("r+b"):  # one that may not be written stays
        pass
    with replacing(path) as file:
        file.write(data)
    path.chmod(stat.S_IMODE(was.st_mode))


def _write(path: Path, data: bytes, *, new: bool) -> None:
    is_there = os.path.lexists(path)
    with path.open("xb" if new else "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            if not is_there:
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
