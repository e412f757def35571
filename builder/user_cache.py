"""Where this machine keeps what can be had again: what was read of wheels, of files, and tools."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from builder.errors import LayerError

VARIABLE = "LAMBDA_LAYER_CACHE"


def place(name: str) -> Path:
    """Return where a folder of the cache is, or will be.

    It is below ``LAMBDA_LAYER_CACHE``, or ``XDG_CACHE_HOME``, or ``~/.cache``.
    """
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = os.environ.get(VARIABLE) or str(Path(base) / "fast-lambda-layer")
    return Path(chosen) / name


def folder(name: str) -> Path:
    """Return a folder of the cache, made if need be and readable by this user alone.

    Raise LayerError when it cannot be made, or not be written.
    """
    path = place(name)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise LayerError(
            f"the cache cannot be written: {error.strerror}",
            where=str(path),
            expected="a folder that you may write to",
            fix=f"name another one in {VARIABLE}",
        ) from error
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of another once it is whole, and is gone otherwise."""
    number, name = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
