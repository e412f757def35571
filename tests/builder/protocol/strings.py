"""The strings that stand in our programs, for tests that look for words in the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
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


@cache  # two tests look through all of them
def strings(source: str) -> Sequence[tuple[int, str]]:
    """Return the strings of a program that are no docstrings, with their lines."""
    nodes = list(ast.walk(ast.parse(source)))
    documents = {node.value for node in nodes if isinstance(node, ast.Expr)}
    return [
        (node.lineno, node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents
    ]
