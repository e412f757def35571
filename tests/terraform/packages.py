"""Small packages, whose builds download nothing, and the specs of their layers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from builder.spec.layer_spec import LayerSpec

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The layers' version: this machine has its interpreter, so that builds import what they pack."""

BACKEND = """
import base64, hashlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    about = "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1\\nProvides-Extra: more\\n"
    files = {{
        "{module}/__init__.py": open("{module}/__init__.py").read(),
        "{module}-1.dist-info/METADATA": about,
        "{module}-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
    }}
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        rows.append(f"{{name}},sha256={{digest.rstrip('=')}},{{len(text)}}\\n")
    files["{module}-1.dist-info/RECORD"] = "".join(rows) + "{module}-1.dist-info/RECORD,,\\n"
    wheel = "{module}-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return wheel
"""
"""A PEP 517 backend in the package itself: a build downloads none."""

PYPROJECT = """\
[project]
name = "{name}"
version = "1"
[project.optional-dependencies]
more = []
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def layer(name: str = "web", **fields: Any) -> LayerSpec:
    """Return the spec of a small package without dependencies, in the folder of its name.

    Its size is not looked at unless a test asks for it: each plan of something new would build it.
    """
    defaults: dict[str, Any] = {
        "python": (PYTHON,), "architecture": "x86_64", "package": name, "size_check": "off",
    }  # fmt: skip
    return LayerSpec(name, **{**defaults, **fields})


def write_package(root: Path, name: str) -> None:
    """Write a small package into the folder of its name."""
    module = name.replace("-", "_")
    write(root / name / "pyproject.toml", PYPROJECT.format(name=name))
    write(root / name / "backend.py", BACKEND.format(name=name, module=module))
    write(root / name / module / "__init__.py", "ANSWER = 42\n")
    write(root / name / "notes" / "one.txt", "one\n")
    write(root / name / "notes" / "two.txt", "two\n")


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def literal(text: str) -> str:
    """Return a text as Terraform's JSON has it, which takes some of it for a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
