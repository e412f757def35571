"""One `make sandbox` at a time in a folder: two would start two embedded AWS, or mix up a copy."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.errors import LayerError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder; raise LayerError if another process holds it.

    The lock goes with the process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LayerError(
                "another make sandbox is at work here",
                where=str(folder),
                expected="one at a time",
                fix="run this one again when the other has ended",
            ) from error
        yield
