"""Where errors for users are made: found in the code, so that none is forgotten."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docsite.errors import ROOMS
from docsite.errors import ROOT as ROOT


def sites() -> list[str]:
    """Return ``PATH:FUNCTION`` of each place that makes an error with a fix, ``#2`` for a second.

    A function that makes errors of what it is given is not a place; those who call it are.
    """
    return [
        site
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for site in _sites_of(path)
    ]


def _sites_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    makers = {name for name, node in _functions(tree) if _passes_on(node)}
    seen: Counter[str] = Counter()
    for name, node in _functions(tree):
        if name in makers:
            continue
        for call in _own_calls(node):
            if not (_has_fix(call) or _called(call) in makers or _is_of_check(call)):
                continue
            seen[name] += 1
            number = f"#{seen[name]}" if seen[name] > 1 else ""
            yield f"{path.relative_to(ROOT).as_posix()}:{name}{number}"


def _functions(tree: ast.AST) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node


def _own_calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """Yield the calls in a function, without those of functions in it."""
    nodes = list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        nodes[:0] = ast.iter_child_nodes(node)


def _has_fix(call: ast.Call) -> bool:
    return any(keyword.arg == "fix" for keyword in call.keywords) and _called(call)[:1].isupper()


def _is_of_check(call: ast.Call) -> bool:
    """Whether it is ``check.error(...)``, with which modules beside spec/checks.py make errors."""
    return ast.unparse(call.func) in ("check.error", "self._check().error")


def _passes_on(function: ast.FunctionDef) -> bool:
    """Whether a function makes errors whose words are arguments of its own."""
    arguments = {arg.arg for arg in (*function.args.args, *function.args.kwonlyargs)}
    return any(
        _has_fix(call) and call.args and isinstance(call.args[0], ast.Name)
        and call.args[0].id in arguments
        for call in _own_calls(function)
    )  # fmt: skip


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
