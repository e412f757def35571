"""Programs that a few tests need, each in an environment of its own: fetched once, by the hashes of
a lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

FETCHING = 900
"""Seconds that some hundred megabytes may take."""


class Unavailable(Exception):
    """The packages cannot be had here."""


def programs_of(lock: Path) -> Path:
    """Return the folder of programs of a lock's environment; raise Unavailable."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = base / "fast-lambda-layer" / lock.stem / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # no limit: whoever has it ends within FETCHING seconds
        if not (folder / ".complete").exists():
            _make(lock, folder)
    return folder / "bin"


def _make(lock: Path, folder: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    commands = [
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)],
        [str(uv), "pip", "sync", "--quiet", "--require-hashes", str(lock)],
    ]
    for command in commands:
        try:
            done = subprocess.run(
                command,
                env={**os.environ, "VIRTUAL_ENV": str(folder)},
                capture_output=True,
                text=True,
                timeout=FETCHING,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(str(error)) from error
        if done.returncode:
            raise Unavailable(done.stderr.strip()[-500:])
    (folder / ".complete").touch()
