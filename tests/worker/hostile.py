"""Packages whose build backend attacks the machine: they need nothing from an index."""

from __future__ import annotations

import textwrap

BACKEND = """
import base64, hashlib, pathlib, zipfile

def attack():
{attack}

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    try:
        attack()
    except Exception as error:
        print("the attack failed:", error)
    info = "evil-1.0.dist-info"
    contents = {{
        "evil.py": {module!r},
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
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "evil"
version = "1.0"
"""


def evil(attack: str, module: str = "") -> dict[str, str]:
    """Return the files of a package of the project whose build runs the statements of ``attack``.

    ``module`` is the source of the module that it brings.
    """
    body = textwrap.indent(textwrap.dedent(attack).strip() or "pass", "    ")
    return {
        "libs/evil/pyproject.toml": PYPROJECT,
        "libs/evil/backend.py": BACKEND.format(attack=body, module=textwrap.dedent(module)),
    }
