"""Every error that the code can make, found in the code: its first sentence and its advice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("builder", "fast_lambda_layer", "hybrid_service", "modules")
GAP = "…"
"""Stands for what is only known where the error is met: a name, a path, a number."""


@dataclass(frozen=True, order=True)
class Found:
    """An error as it is written in the code: what failed, and what to do."""

    what: str
    fix: str


def errors_of_code() -> list[Found]:
    """Return the errors that say a fix, in the order of their words; each once."""
    found = {
        error
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for error in errors_in(path.read_text(encoding="utf-8"))
    }
    return sorted(found, key=lambda error: error.what.lstrip(f"{GAP} '\"").casefold())


def errors_in(source: str) -> Iterator[Found]:
    """Yield the errors in the text of a module that a reader would know again."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        fixes = [keyword.value for keyword in node.keywords if keyword.arg == "fix"]
        what = _text(node.args[0])
        if fixes and any(letter.isalpha() for letter in what):
            yield Found(what, _text(fixes[0]))


def _text(node: ast.expr) -> str:
    """Return a text of the code with gaps, "" for what is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) if isinstance(part, ast.Constant) else GAP for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_text(left) or GAP) + (_text(right) or GAP)
        case ast.IfExp(body=one, orelse=other):
            return " / ".join(filter(None, (_text(one), _text(other))))
        case _:
            return ""
