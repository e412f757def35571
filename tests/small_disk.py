"""A real disk of a few kilobytes: a tmpfs in a namespace of mounts, gone when the program ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.patience import PATIENCE

IN_IT = """
import json, os, pathlib, shutil, subprocess, sys
folder, size, source, *command = sys.argv[1:]
kept = pathlib.Path(source) if source else None
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
if kept:
    shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
left = [str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if not p.is_dir()]
print(json.dumps([ended.returncode, ended.stdout, ended.stderr, sorted(left)]))
"""


@dataclass(frozen=True)
class Ended:
    """How a program ended on the disk, and the files that are there now."""

    status: int
    output: str
    errors: str
    left: list[str]


@cache
def _namespace() -> tuple[str, ...]:
    """Return what starts a program where it may mount; nothing where that cannot be had."""
    program = shutil.which("unshare")
    ways = ("--mount",), ("--user", "--map-root-user", "--mount")
    for way in ways if program else ():
        command = (str(program), *way)
        mounts = [*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        if (
            subprocess.run(mounts, capture_output=True, timeout=PATIENCE, check=False).returncode
            == 0
        ):
            return command
    return ()


def run(
    folder: Path,
    size: str,
    command: Sequence[str],
    *,
    source: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Run a program in a folder that is such a disk, with what ``source`` has.

    ``size`` is tmpfs's, such as ``1m`` (tmpfs(5)). Skip the test where nothing can be mounted.
    """
    namespace = _namespace()
    if not namespace:
        pytest.skip("this machine lets nobody mount a tmpfs")
    folder.mkdir(exist_ok=True)
    inside = [sys.executable, "-c", IN_IT, str(folder), size, str(source or ""), *command]
    ended = subprocess.run(
        [*namespace, *inside],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        check=True,
    )
    return Ended(*json.loads(ended.stdout))
