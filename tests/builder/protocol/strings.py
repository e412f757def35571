"""The strings that stand in our programs, for tests that look for words in the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]


def sources() -> list[Path]:
    """Return the modules that use the protocol; the worker may import nothing of it."""
    found = [
        path
        for room in ("builder", "fast_lambda_layer", "modules", "hcl", "stacks")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "worker" not in path.relative_to(ROOT).parts
    ]
    assert len(found) > 50
    return found


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the strings of a program that are no docstrings, with their lines."""
    tree = ast.parse(source)
    documents = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in documents and isinstance(node.value, str):
            yield node.lineno, node.value
