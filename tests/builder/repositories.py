"""Real git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.patience import PATIENCE

AUTHOR = ("-c", "user.email=a@example.com", "-c", "user.name=a")
LOCAL = ("-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false")


def git(root: Path, *arguments: str) -> str:
    """Run git as on a machine without any settings of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "XDG_CONFIG_HOME": str(root),
    }
    return subprocess.run(
        ["git", *AUTHOR, *LOCAL, *arguments],
        cwd=root,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    ).stdout


def commit(root: Path, *forced: str) -> None:
    """Commit all files, and those that are ignored when they are named."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "add", "--all")
    if forced:
        git(root, "add", "--force", *forced)
    git(root, "commit", "--quiet", "--message", "all")


def export(root: Path, into: Path) -> Path:
    """Unpack the archive of the last commit."""
    into.mkdir(parents=True)
    git(root, "archive", "--format", "tar", "--output", str(into / "x.tar"), "HEAD")
    subprocess.run(["tar", "xf", "x.tar"], cwd=into, check=True, timeout=PATIENCE)
    (into / "x.tar").unlink()
    return into
