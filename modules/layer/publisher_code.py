"""What the publisher function's zip holds: the builder's modules that it uses, and their imports.

Found by reading imports, so that nothing is forgotten and nothing carried along.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ENTRY = "builder.publisher.function"
HANDLER = f"{ENTRY}.handler"

RUNTIME_HAS = frozenset({"boto3", "botocore"})
"""What Lambda's Python runtimes have (AWS Lambda developer guide, "Runtime-included SDK")."""


def publisher_files() -> dict[str, bytes]:
    """Return the files of the function's zip by their paths in it; the same on every machine."""
    ours, others = _closure(ENTRY)
    files = {path: file.read_bytes() for path, file in ours.items()}
    for package in sorted(others - RUNTIME_HAS - sys.stdlib_module_names):
        files |= _package(package)
    return files


def _closure(entry: str) -> tuple[dict[str, Path], set[str]]:
    """Return the files of all our modules that one imports, and the other packages they import."""
    package = entry.partition(".")[0]
    found: dict[str, Path] = {}
    others: set[str] = set()
    waiting, seen = [entry], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.partition(".")[0] != package:
            others.add(name.partition(".")[0])
            continue
        file = _file(name)
        if file is None:
            continue  # what is imported from a module: a class, a function
        found[_path(name, file)] = file
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += _imports(ast.parse(file.read_bytes()))
    return found, others


def _file(name: str) -> Path | None:
    """Return the file of a module of ours, or None if the name is of something in a module."""
    package, _, rest = name.partition(".")
    folder = Path(_origin(package)).parent
    place = folder.joinpath(*rest.split(".")) if rest else folder
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


def _path(name: str, file: Path) -> str:
    folder = name.replace(".", "/")
    return f"{folder}/__init__.py" if file.name == "__init__.py" else f"{folder}.py"


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imports(node)


def _package(name: str) -> dict[str, bytes]:
    origin = Path(_origin(name))
    if origin.name != "__init__.py":
        return {origin.name: origin.read_bytes()}
    files = sorted(origin.parent.rglob("*.py"))
    return {f"{name}/{f.relative_to(origin.parent).as_posix()}": f.read_bytes() for f in files}


def _origin(name: str) -> str:
    spec = find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ModuleNotFoundError(
            f"the publisher function needs {name!r} in pure Python", name=name
        )
    return spec.origin
