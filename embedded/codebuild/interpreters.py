"""The interpreter that a build's image would have, where this machine has one.

The embedded CodeBuild runs no images; but what a layer's modules do at import depends on the
version of Python, so a build gets the version that its image has, if it is at hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

IMAGE = re.compile(r"(?:(?:^|/)build-|-lambda-standard:)python(3\.\d+)(?:[:@]|$)")
"""The images of Lambda's runtimes (AWS SAM developer guide, "Image repositories"), and those of
Lambda compute (AWS CodeBuild user guide, "Lambda compute images")."""

ASK = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
"""The images have pip, so an interpreter without it is none for a build."""


def for_image(image: str, default: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the interpreter for the builds of an image: of its version, else the default one."""
    found = IMAGE.search(image)
    return of_version(found[1], default, environment) if found else default


def of_version(version: str, default: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the interpreter of a version with pip, else the default one."""
    return _of_version(version, default, *_places(environment))


@cache
def _of_version(version: str, default: Path, path: str, *folders: Path) -> Path:
    """Look for a version once: starting an interpreter takes a moment."""
    for program in _candidates(version, default, path, folders):
        if _version_of(program) == version:
            return program
    return default


def _places(environment: Mapping[str, str]) -> tuple[str, Path, Path]:
    home = Path(environment.get("HOME", os.devnull))
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    uv = Path(
        environment.get("UV_PYTHON_INSTALL_DIR")
        or Path(environment.get("XDG_DATA_HOME") or home / ".local/share") / "uv/python"
    )
    return environment.get("PATH", os.defpath), pyenv, uv


def _candidates(
    version: str, default: Path, path: str, folders: tuple[Path, ...]
) -> Iterator[Path]:
    yield default
    name = f"python{version}"
    for folder in folders:
        yield from sorted(folder.glob(f"*{version}*/bin/{name}"), reverse=True)
    on_path = shutil.which(name, path=path)
    if on_path:
        yield Path(on_path)


def _version_of(program: Path) -> str:
    """Return an interpreter's version; "" when it does not start, as a shim of pyenv may not."""
    try:
        return subprocess.run(
            [program, "-I", "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
