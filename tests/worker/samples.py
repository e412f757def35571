"""Small projects and source distributions for whole builds."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle

STATIC = """
[build-system]
requires = ["uv_build>=0.13,<0.14"] # the backend inside uv itself: nothing to download
build-backend = "uv_build"

[project]
name = "mine"
version = "3.2"
requires-python = "{requires}"
dependencies = {dependencies}
"""


def mine(requires: str = ">=3.9", dependencies: str = "[]", **files: str) -> dict[str, str]:
    """Return the files of a small package of the project."""
    text = STATIC.format(requires=requires, dependencies=dependencies)
    return {
        "libs/mine/pyproject.toml": text,
        "libs/mine/src/mine/__init__.py": "__version__ = '3.2'\n",
        **{f"libs/mine/src/mine/{name}": content for name, content in files.items()},
    }


def offline(bundle: Bundle, text: str) -> None:
    """Give the bundle requirements that come from its own folder of wheels."""
    links = bundle.path / "project" / "wheels"
    options = f"--no-index\n--find-links {links}\n"
    (bundle.path / "project" / "requirements.txt").write_text(options + text + "\n")


def sdist(folder: Path, name: str, *, native: bool) -> None:
    """Write a source distribution that makes a pure or a platform wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    setup = "from setuptools import Distribution, setup\n"
    setup += "class D(Distribution):\n    has_ext_modules = lambda self: True\n" if native else ""
    setup += f"setup(name='{name}', version='1.0', py_modules=['{name}']"
    setup += ", distclass=D)\n" if native else ")\n"
    info = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    contents = {"setup.py": setup, f"{name}.py": "", "PKG-INFO": info}
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
