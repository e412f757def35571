"""The real ChromaDB, in an environment of its own: fetched once, by the hashes of hybrid.lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "hybrid.lock"
FETCHING = 900
"""Seconds that some hundred megabytes may take."""

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
HEALTH = "/api/v2/heartbeat"


class Unavailable(Exception):
    """The packages cannot be had here."""


def environment() -> Path:
    """Return the folder of programs of the environment; raise Unavailable."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    version = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = base / "fast-lambda-layer" / "hybrid" / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # no limit: whoever has it ends within FETCHING seconds
        if not (folder / ".complete").exists():
            _make(folder)
    return folder / "bin"


def _make(folder: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    commands = [
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)],
        [str(uv), "pip", "sync", "--quiet", "--require-hashes", str(LOCK)],
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
