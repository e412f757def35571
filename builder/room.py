"""Folders for what is fetched and made meanwhile; without room there is one error that says so."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from builder.errors import LayerError

FULL = {EDQUOT, EFBIG, ENOSPC}
"""What a system says where a file has no room."""


def is_full(error: BaseException) -> bool:
    """Whether an error says that a file has no room: no other try, and no other way, helps."""
    return isinstance(error, OSError) and error.errno in FULL


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """Make a folder that is gone afterwards; raise LayerError where what is put there has no room.

    It is below TMPDIR (the module tempfile, gettempdir).
    """
    place = Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryDirectory(prefix="lambda-layer-", dir=place) as made:
            yield Path(made)
    except OSError as error:
        if not is_full(error):
            raise
        raise LayerError(
            f"there is no room for what is needed meanwhile: {error.strerror}",
            where=str(error.filename or place),
            expected="room for what is fetched and for what is made of it",
            fix="make room there, or name another folder in TMPDIR, then run it again",
        ) from error
