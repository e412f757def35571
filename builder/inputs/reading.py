"""Reading input files, and refusing what must not become part of a layer."""

from __future__ import annotations

import os
import re
from pathlib import Path

from builder.errors import SourceError
from builder.inputs.secrets import PRIVATE_KEY

LARGEST = 300 << 20
"""Bytes of a file: a layer has 262,144,000 (AWS Lambda developer guide, "Lambda quotas")."""

LFS_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-\S+ \S+\n)*oid "
)
"""How the file begins that stands for one in Git LFS (git-lfs, docs/spec.md, "The Pointer")."""


def read_input(root: Path, path: str) -> bytes:
    """Return a file's content; raise SourceError for what must not become part of a layer."""
    content = read_content(root, path)
    if LFS_POINTER.match(content):
        raise SourceError(
            f"{path} is not here, only what stands for it in Git LFS",
            where=str(root / path),
            expected="the file itself",
            fix="git lfs pull, or exclude the file",
        )
    if PRIVATE_KEY.match(content):
        raise SourceError(
            f"{path} is a private key",
            where=str(root / path),
            expected="sources without secrets: they are bundled, and become part of the layer",
            fix="exclude the file; keep the key in Secrets Manager",
        )
    return content


def read_content(root: Path, path: str) -> bytes:
    """Return a file's content; raise SourceError when it cannot be read, or is too large."""
    try:
        # Without a buffer and a Path: half of the time of Path.read_bytes, and asked of every file.
        with open(os.path.join(root, path), "rb", buffering=0) as file:  # noqa: PTH118, PTH123
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise SourceError(
                    f"{path} has {size:,} bytes",
                    where=str(root / path),
                    expected=f"files of at most {LARGEST:,} bytes, more than a layer can hold",
                    fix="exclude the file, or put it into a bucket of its own",
                )
            return file.readall()
    except OSError as error:
        raise unreadable(path, root, error) from error


def unreadable(path: str, root: Path, error: OSError) -> SourceError:
    """Return the error that a file cannot be read."""
    return SourceError(
        f"{path} cannot be read: {error.strerror}",
        where=str(root / path),
        expected="files and folders that you may read",
        fix="give yourself the right to read it, or exclude it",
    )
