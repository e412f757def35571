"""Write the package that functions and the task of a hybrid service need, as a folder to build."""

from __future__ import annotations

import tomllib
from pathlib import Path

from builder import __version__
from builder.errors import SourceError
from builder.inputs.supervisor import PACKAGE, PROJECT, PYTHON, files

PYPROJECT = f"""\
# Written by `lambda-layer client`, which writes it again for another version.
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{PROJECT}"
version = "{__version__}"
description = "The client of hybrid services, and the supervisor of their tasks"
requires-python = "{PYTHON}"

[tool.hatch.build.targets.wheel]
packages = ["{PACKAGE}"]
"""


def write_client(folder: Path) -> list[Path]:
    """Write the package into a folder, new or written by us before; return the files.

    What an earlier version had and this one has not is deleted. Raise SourceError for a folder that
    holds something else, or cannot be written.
    """
    try:
        return _write(folder)
    except OSError as error:
        raise SourceError(
            f"the client cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            expected="a folder that can be written",
            fix="name another folder: lambda-layer client FOLDER",
        ) from error


def _write(folder: Path) -> list[Path]:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder)):
        raise SourceError(
            f"{folder} holds something else",
            where=str(folder),
            expected="a new folder, an empty one, or one that this command wrote",
            fix="name another folder: lambda-layer client FOLDER",
        )
    wanted = {folder / name: content for name, content in files().items()}
    wanted[folder / "pyproject.toml"] = PYPROJECT.encode()
    for old in (folder / PACKAGE).rglob("*.py"):
        if old not in wanted:
            old.unlink()
    for file, content in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return list(wanted)


def _is_ours(folder: Path) -> bool:
    try:
        found = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        return bool(found["project"]["name"] == PROJECT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
