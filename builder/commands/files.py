"""Files that commands write where the user says."""

from __future__ import annotations

from pathlib import Path

from builder.errors import LayerError


def write(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Write a file; with ``new``, only if there is none.

    Raise LayerError when it cannot be written, or with ``new`` is there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        with path.open("xb" if new else "wb") as file:
            file.write(data)
    except FileExistsError:
        raise LayerError(
            f"there is a {path.name} already",
            where=str(path.absolute()),
            expected="a path where nothing is: what is there is never overwritten",
            fix="edit it; or remove it and run the command again",
        ) from None
    except OSError as error:
        raise LayerError(
            f"{path} cannot be written: {error.strerror}",
            where=str(path.absolute()),
            expected="a folder that is there and that you may write to",
            fix="name another place",
        ) from error
