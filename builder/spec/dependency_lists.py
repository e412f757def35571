"""Whether a folder is a package, or its pyproject.toml only lists dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.spec.toml_keys import table_in

PROJECT_FILES = ("pyproject.toml", "setup.py")
"""What makes a folder one that pip installs; a setup.cfg needs one of them beside it."""


def is_declared(pyproject: Mapping[str, Any]) -> bool:
    """Return whether it says itself that there is no package.

    (uv's documentation, "Project packaging"; Poetry's, "Operating modes".)
    """
    uv, poetry = (table_in(pyproject, "tool", tool) for tool in ("uv", "poetry"))
    return uv.get("package") is False or poetry.get("package-mode") is False


def may_be_one(pyproject: Mapping[str, Any]) -> bool:
    """Return whether it is a list of dependencies if there is no code beside it.

    With a [build-system] it is not: the code may be in another language.
    """
    if is_declared(pyproject):
        return True
    project, poetry = table_in(pyproject, "project"), table_in(pyproject, "tool", "poetry")
    lists = {"dependencies", "optional-dependencies"} & {*project, *poetry}
    return bool(lists) and "build-system" not in pyproject
