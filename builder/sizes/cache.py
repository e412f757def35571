"""Where this machine keeps what predictions have read of wheels, and the pinned tools."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from builder.errors import LayerError
from builder.worker import tools
from builder.worker.log import Log

VARIABLE = "LAMBDA_LAYER_CACHE"


def folder(name: str) -> Path:
    """Return a folder of the cache, made if need be and readable by this user alone.

    It is below ``LAMBDA_LAYER_CACHE``, or ``XDG_CACHE_HOME``, or ``~/.cache``. Raise LayerError
    when it cannot be made.
    """
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = os.environ.get(VARIABLE) or str(Path(base) / "fast-lambda-layer")
    path = Path(chosen) / name
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LayerError(
            f"the cache cannot be written: {error.strerror}",
            where=str(path),
            expected="a folder that you may write to",
            fix=f"name another one in {VARIABLE}",
        ) from error
    return path


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
    place = folder("tools") / version
    if not tools.is_complete(place):
        with tempfile.TemporaryDirectory(dir=place.parent) as made:
            new, old = Path(made) / "new", Path(made) / "old"
            new.mkdir()
            tools.install(new, log)
            # In one step: another process may look, or do the same.
            with contextlib.suppress(OSError):
                if place.exists() and not tools.is_complete(place):
                    place.rename(old)
                new.rename(place)
    return place
