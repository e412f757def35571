"""Which Python interpreters are at hand, and which of them is the target's."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .request import Target

ASK = (
    "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine(), sys.platform)"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that can be started here."""

    path: str
    version: str
    machine: str

    def fits(self, target: Target) -> bool:
        """Whether modules built for the target can be imported by it."""
        return (self.version, self.machine) == (target.python, target.machine)


def running() -> Interpreter:
    """Return the interpreter that runs the worker."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Interpreter(sys.executable, version, platform.machine())


def find(target: Target) -> Interpreter | None:
    """Return an interpreter of the target's version and machine, or None when none is at hand."""
    here = running()
    if sys.platform != "linux":
        return None
    if here.fits(target):
        return here
    for path in _candidates(target.python):
        other = ask(path)
        if other and other.fits(target):
            return other
    return None


def _candidates(python: str) -> Iterator[str]:
    """Yield where a version may be: on the path, and where pyenv has what it does not choose.

    A shim of pyenv starts nothing but the version that is chosen (pyenv's README, "Understanding
    shims"). CodeBuild's own images have their versions there (aws-codebuild-docker-images, al).
    """
    name = f"python{python}"
    path = shutil.which(name)
    if path:
        yield path
    home = Path(os.environ.get("HOME", os.devnull))
    versions = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    yield from map(str, sorted(versions.glob(f"{python}.*/bin/{name}"), reverse=True))


def ask(path: str) -> Interpreter | None:
    """Start an interpreter and return what it says about itself; None when it cannot start."""
    try:
        answer = subprocess.run(
            [path, "-I", "-S", "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    return Interpreter(path, answer[0], answer[1]) if len(answer) == 3 else None
