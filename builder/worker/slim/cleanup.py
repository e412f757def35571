"""Slimming: what must not or need not be in the layer goes, before it is checked and packed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..contents.distributions import INSTALLERS_OWN
from .ignore import Ignore

BYTECODE = (".pyc", ".pyo")


@dataclass(frozen=True)
class Removed:
    """How much was left out, for the log."""

    bytecode: int = 0
    bytecode_size: int = 0
    scripts: tuple[str, ...] = ()
    excluded: int = 0
    excluded_size: int = 0
    gone: frozenset[str] = frozenset()


def slim(root: Path, exclude: tuple[str, ...]) -> Removed:
    """Remove bytecode, scripts, uv's own files and what the exclude patterns name.

    ``root`` is the folder that is on ``sys.path``; patterns are relative to it.
    """
    (root / ".lock").unlink(missing_ok=True)
    scripts = _remove_scripts(root / "bin")
    ignore = Ignore(exclude)
    bytecode = bytecode_size = excluded_size = 0
    gone: set[str] = set()
    for folder, folders, names in os.walk(root, topdown=True):
        here = Path(folder)
        if "__pycache__" in folders:
            folders.remove("__pycache__")
            cached = [path.lstat().st_size for path in (here / "__pycache__").iterdir()]
            bytecode += len(cached)
            bytecode_size += sum(cached)
            shutil.rmtree(here / "__pycache__")
        inside = folder[len(str(root)) + 1 :].replace(os.sep, "/")
        for name in names:
            file = f"{inside}/{name}" if inside else name
            if ignore.excludes(file):
                gone.add(file)
                excluded_size += (here / name).lstat().st_size
                (here / name).unlink()
            elif name.endswith(BYTECODE) and _has_source(here / name):
                bytecode += 1
                bytecode_size += (here / name).lstat().st_size
                (here / name).unlink()
            elif name in INSTALLERS_OWN and here.name.endswith(".dist-info"):
                (here / name).unlink()
    _remove_empty_folders(root)
    return Removed(bytecode, bytecode_size, scripts, len(gone), excluded_size, frozenset(gone))


def _remove_empty_folders(root: Path) -> None:
    """Remove folders without files: a layer has none, and Python could import them here."""
    for folder, _, names in os.walk(root, topdown=False):
        if not names and Path(folder) != root and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _has_source(path: Path) -> bool:
    """Whether bytecode has its source beside it; without source it is the module."""
    return path.with_suffix(".py").exists()


def _remove_scripts(folder: Path) -> tuple[str, ...]:
    """Remove entry-point scripts: they start with the path of the build's own interpreter."""
    if not folder.is_dir() or (folder / "__init__.py").exists():
        return ()
    names = tuple(sorted(path.name for path in folder.iterdir()))
    shutil.rmtree(folder)
    return names
