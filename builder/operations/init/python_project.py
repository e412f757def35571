"""The layer of a Python project: its pyproject.toml, its requirements file, or its setup.py."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from builder.inputs.locks.project_lock import LOCKS
from builder.inputs.poetry_dependencies import PoetryError, translate
from builder.operations.init.draft import DraftLayer, has_code, read
from builder.spec.dependency_lists import is_declared
from builder.spec.runtimes import RUNTIMES, by_version
from builder.spec.toml_keys import table_in

REQUIREMENTS = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("prod", "production", "main", "base")),
)
USUAL = "3.13"
"""The Python version where nothing says another: the newest that nearly all wheels are made for."""


def project_layer(root: Path, name: str) -> DraftLayer | None:
    """Return the layer of the project in a folder, None if it lists no dependencies."""
    document = _pyproject(root)
    files = [file for file in REQUIREMENTS if (root / file).is_file()]
    if _is_usable(root, document):
        return _package(root, document, name, files)
    has_setup = (root / "setup.py").is_file()
    if files:
        remarks = []
        if (root / "Pipfile").is_file():
            remarks.append(f"Pipfile is not read; the layer is of {files[0]}")
        if has_setup:
            remarks.append(
                f"the layer is of {files[0]}, without the package of setup.py; for that and what "
                'it requires, write package = "." instead of requirements'
            )
        keys = {"requirements": files[0]}
        return DraftLayer(name, files[0], keys, remarks=tuple(remarks))
    return DraftLayer(name, "setup.py", {"package": "."}) if has_setup else None


def python_of(root: Path) -> tuple[str, ...]:
    """Return the Python version that a project is for, by its files; else the usual one."""
    said = re.match(r"\s*(?:cpython-?)?(\d+\.\d+)", read(root / ".python-version"))
    if said and said[1] in RUNTIMES:
        return (said[1],)
    wanted = _requires(_pyproject(root))
    # 3.14 is taken where the project asks for it, and not because it would also do.
    known = [USUAL, *(version for version in by_version(RUNTIMES)[::-1] if version != USUAL)]
    fitting = [v for v in known if wanted.contains(f"{v}.0") or wanted.contains(f"{v}.99")]
    return (fitting[0] if fitting else USUAL,)


def app_of(root: Path) -> str:
    """Return what a project is called: the name in its pyproject.toml, else the folder's."""
    document = _pyproject(root)
    for table in (table_in(document, "project"), table_in(document, "tool", "poetry")):
        if isinstance(table.get("name"), str):
            return str(table["name"])
    return root.resolve().name


def _package(root: Path, document: Mapping[str, Any], name: str, files: list[str]) -> DraftLayer:
    lock = next((file for file in LOCKS if (root / file).is_file()), "")
    origin = f"pyproject.toml, with the versions of {lock}" if lock else "pyproject.toml"
    remarks = []
    if "build-system" not in document and not is_declared(document):
        remarks.append(
            "the code beside pyproject.toml goes into the layer too; for the dependencies alone, "
            "write there: [tool.uv] package = false"
        )
    remarks += [f"{file} is not used: pyproject.toml lists the dependencies" for file in files]
    return DraftLayer(name, origin, {"package": "."}, remarks=tuple(remarks))


def _is_usable(root: Path, document: Mapping[str, Any]) -> bool:
    project, poetry = table_in(document, "project"), table_in(document, "tool", "poetry")
    if not project and not poetry:
        return False  # it only configures tools
    listed = {"dependencies", "dynamic"} & {*project, *poetry}
    is_workspace = "workspace" in table_in(document, "tool", "uv")
    if is_declared(document) or (is_workspace and "build-system" not in document):
        return "dynamic" in listed or bool(_required(document))
    return bool(listed) or ("build-system" in document and has_code(root))


def _required(document: Mapping[str, Any]) -> list[Any]:
    """Return what is required; of Poetry's table without the interpreter."""
    project, poetry = table_in(document, "project"), table_in(document, "tool", "poetry")
    listed = [*(project.get("dependencies") or ()), *(poetry.get("dependencies") or ())]
    return [each for each in listed if each != "python"]


def _requires(document: Mapping[str, Any]) -> SpecifierSet:
    said = table_in(document, "project").get("requires-python", "")
    try:
        if not said and table_in(document, "tool", "poetry"):
            said = translate(document).python
        return SpecifierSet(str(said or ""))
    except (InvalidSpecifier, PoetryError):
        return SpecifierSet()


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read(root / "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
