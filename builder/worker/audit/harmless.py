"""Files of which it does not matter whose the layer has, each kind with the reason why."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Collection, Mapping, Sequence

from ..contents.distributions import MODULE_SUFFIXES, Distribution
from ..names import normalize

DEVELOPERS = {"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "benchmark"}
"""Folders at the root that a build backend took along by mistake. They are no part of the package
that the wheel is for, and the audit does not import them either."""

TEXTS = re.compile(
    r"(readme|licen[cs]e|copying|copyright|notice|authors|contribut(ors|ing)|change(s|log)|history"
    r"|news|todo|code_of_conduct|security|third[-_]?party\w*)([-._]\w+([-.]\w+)*)?"
    r"|pyproject\.toml|setup\.(py|cfg)|[\w-]*requirements[\w-]*\.(txt|in)|manifest\.in|tox\.ini"
    r"|makefile|dockerfile|(poetry|uv|pdm)\.lock|pipfile(\.lock)?|conftest\.py|noxfile\.py"
    r"|\.git(ignore|attributes)|\.pre-commit-config\.yaml|mkdocs\.yml",
    re.IGNORECASE,
)
"""Files at the root that say something of the project they come from. They lie beside all packages
of the layer, so no program can mean its own there."""

MARKER = "py.typed"
"""PEP 561: only type checkers look for it; its content says nothing at run time."""

STUBS = re.compile(r"[^/]+-stubs/.*\.pyi")
"""PEP 561: packages of stubs are read by type checkers only; no module can have such a name."""

FACTS = {
    *("__version__", "__author__", "__email__", "__license__", "__copyright__", "__credits__"),
    *("__maintainer__", "__status__", "__date__", "__title__", "__url__"),
}
"""Names that the __init__.py of a namespace gives to facts about one of its distributions."""


def winner(
    file: str,
    contents: Mapping[str, Path],
    own: Collection[str],
    claimants: Sequence[Distribution],
) -> str | None:
    """Return whose file the layer has, always the same for these; None if it matters whose.

    ``contents`` has the file of each distribution that brings it, ``own`` names the project's own.
    """
    by_name = sorted(contents, key=lambda name: (name not in own, name))
    first = file.split("/", 1)[0]
    if any(normalize(first) == name for name in contents):
        return None
    if _is_for_no_program(file):
        return by_name[0]
    codes = {name: _code(contents[name].read_bytes()) for name in by_name}
    if not file.endswith(".py") or None in codes.values():
        return None
    try:
        # Only comments and line breaks differ: Python makes the same of all of them.
        if len({ast.dump(tree) for tree in codes.values() if tree}) == 1:
            return by_name[0]
        return _of_namespace(file, by_name, codes, claimants)
    except RecursionError:  # nested deeper than any __init__.py of a namespace
        return None


def _is_for_no_program(file: str) -> bool:
    """Whether nothing that runs in a function reads the file."""
    first, _, rest = file.partition("/")
    if not rest:
        return bool(TEXTS.fullmatch(file))
    return first in DEVELOPERS or file.endswith(f"/{MARKER}") or bool(STUBS.fullmatch(file))


def _of_namespace(
    file: str,
    by_name: Sequence[str],
    codes: Mapping[str, ast.Module | None],
    claimants: Sequence[Distribution],
) -> str | None:
    """Judge the ``__init__.py`` of a namespace: it does nothing but make room for its packages.

    (Python Packaging User Guide, "Packaging namespace packages": pkgutil-style and
    pkg_resources-style.)
    """
    folder, _, base = file.rpartition("/")
    if base != "__init__.py" or not all(_has_more(one, file, folder) for one in claimants):
        return None
    if not all(tree and all(map(_makes_room, tree.body)) for tree in codes.values()):
        return None

    def rank(name: str) -> tuple[bool, bool]:
        text = ast.dump(codes[name] or ast.Module([], []))
        # Who has pkgutil needs no setuptools; who declares nothing hides what others add elsewhere.
        return ("extend_path" not in text, "declare_namespace" not in text)

    return min(by_name, key=rank)


def _has_more(distribution: Distribution, file: str, folder: str) -> bool:
    """Whether a distribution has modules of its own in the folder, which others lack."""
    inside = [f for f in distribution.files if f.startswith(f"{folder}/") and f != file]
    return any(f.endswith(MODULE_SUFFIXES) for f in inside)


def _code(data: bytes) -> ast.Module | None:
    """Return what Python would run; None when it cannot be read here."""
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _makes_room(node: ast.stmt) -> bool:
    """Whether a statement declares a namespace, or states a fact about a distribution."""
    if isinstance(node, ast.Try):
        handled = [part for handler in node.handlers for part in handler.body]
        return all(map(_makes_room, [*node.body, *handled, *node.orelse, *node.finalbody]))
    if isinstance(node, ast.Assign):
        names = {target.id if isinstance(target, ast.Name) else "" for target in node.targets}
        if names == {"__path__"}:
            return "extend_path" in ast.dump(node.value)
        return names <= FACTS and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names} <= {"pkgutil", "pkg_resources"}
    if isinstance(node, ast.ImportFrom):
        return node.module in ("pkgutil", "__future__")
    is_call = isinstance(node, ast.Expr) and "declare_namespace" in ast.dump(node.value)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_call or is_text or isinstance(node, ast.Pass)
