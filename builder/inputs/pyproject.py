"""The pyproject.toml of a folder of the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from builder.documents import Malformed, read_toml, typed
from builder.errors import SourceError

LARGEST = 4 << 20
"""Bytes of a pyproject.toml."""

Table = dict[str, Any]
Texts = tuple[str, ...]

SHAPE: Mapping[tuple[str, ...], Any] = {
    ("project",): Table,
    ("project", "name"): str,
    ("project", "version"): str,
    ("project", "requires-python"): str,
    ("project", "dynamic"): Texts,
    ("project", "dependencies"): Texts,
    ("project", "optional-dependencies"): dict[str, Texts],
    ("build-system",): Table,
    ("build-system", "requires"): Texts,
    ("tool",): Table,
    ("tool", "uv"): Table,
    ("tool", "uv", "sources"): Table,
    ("tool", "uv", "workspace"): Table,
    ("tool", "uv", "workspace", "members"): Texts,
    ("tool", "uv", "workspace", "exclude"): Texts,
    ("tool", "poetry"): Table,
    ("tool", "poetry", "dependencies"): Table,
    ("tool", "poetry", "extras"): dict[str, Texts],
}
"""The types of what is read of one (PyPA specifications, "pyproject.toml"; uv's and Poetry's
documentation of their tables), a table before what is in it."""


def read_pyproject(root: Path, folder: PurePosixPath) -> Mapping[str, Any]:
    """Return a folder's pyproject.toml, or {} when there is none.

    Raise SourceError when it is not TOML, or when a value that counts is of another type.
    """
    # Not a Path, which takes longer than the rest: a plan asks this ten times of each layer.
    path = os.path.join(root, folder, "pyproject.toml")  # noqa: PTH118
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
            return {}
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read(LARGEST + 1)
    except (OSError, ValueError):  # ValueError: no path has a NUL
        return {}  # whoever needs it refuses the folder
    return parse_pyproject(content, (folder / "pyproject.toml").as_posix())


@lru_cache(maxsize=32)
def parse_pyproject(content: bytes, name: str) -> Mapping[str, Any]:
    """Return what a pyproject.toml says; raise SourceError as for :func:`read_pyproject`.

    The same bytes are parsed once, because a layer's are read several times: who wants to change
    what is returned makes a copy.
    """
    try:
        document = read_toml(content, largest=LARGEST)
        _check(document)
    except Malformed as error:
        raise SourceError(
            f"{name} cannot be read: {error}",
            where=name,
            expected="TOML in UTF-8, with values of the types that its specification says",
            fix="correct what is named",
        ) from error
    return document


def _check(document: Mapping[str, Any]) -> None:
    for keys, kind in SHAPE.items():
        found: Any = document
        for key in keys:
            found = found.get(key)
            if found is None:
                break
        else:
            typed(kind, found, ".".join(keys))
