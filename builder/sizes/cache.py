"""Where this machine keeps what predictions have read of wheels, and the pinned tools."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from builder.errors import LayerError
from builder.user_cache import VARIABLE as VARIABLE
from builder.user_cache import folder as folder
from builder.user_cache import place as place
from builder.worker import tools
from builder.worker.log import Log

MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there is this user's alone
ROOM = 2 << 30
"""Bytes: the modules of the largest layers take a part of it. Containers have 64 MB there."""


def folder_or(name: str, instead: Path) -> Path:
    """Return a folder of the cache, or one below ``instead`` if the cache cannot be written."""
    try:
        return folder(name)
    except LayerError:
        made = instead / name
        made.mkdir(parents=True, exist_ok=True)
        return made


@contextlib.contextmanager
def quick_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder for many small files, below ``parent`` or in memory if there is room."""
    with tempfile.TemporaryDirectory(
        prefix="lambda-layer-", dir=parent or in_memory(), ignore_cleanup_errors=True
    ) as made:
        yield Path(made).resolve()


def in_memory() -> Path | None:
    """Return a folder whose files are in memory and may be large, None without one."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free >= ROOM and os.access(MEMORY, os.W_OK | os.X_OK) else None


def pinned_uv(log: Log) -> Path:
    """Return the uv that the worker pins: one that is here already, or a copy in the cache.

    Raise BuildError when it can neither be found nor installed.
    """
    here = [Path(sys.executable).with_name("uv"), Path(shutil.which("uv") or "uv")]
    for program in here:
        if program.is_file() and tools.is_pinned(program):
            return program
    return tools.program(with_tools(log))


def with_tools(log: Log) -> Path:
    """Return a folder whose ``.tools`` holds all pinned tools of the worker."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}-uv{tools.version('uv')}"
    kept = place("tools") / version
    if not tools.is_complete(kept):
        with tempfile.TemporaryDirectory(dir=folder("tools")) as made:
            new, old = Path(made) / "new", Path(made) / "old"
            new.mkdir()
            tools.install(new, log)
            # In one step: another process may look, or do the same.
            with contextlib.suppress(OSError):
                if kept.exists() and not tools.is_complete(kept):
                    kept.rename(old)
                new.rename(kept)
    return kept
