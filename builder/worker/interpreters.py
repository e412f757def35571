"""Which Python interpreters are at hand, and which of them is the target's."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

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
    path = shutil.which(f"python{target.python}")
    other = ask(path) if path else None
    return other if other and other.fits(target) else None


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
