"""No test, and nothing of what tests start, waits without a limit: a hang would hide every other
result."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import demo
from embedded import leash

FOLDERS = [Path(__file__).parent, *(Path(str(m.__file__)).parent for m in (leash, demo))]
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))

STARTED = {"run", "call", "check_call", "check_output"}
"""Functions of subprocess that wait for the end of what they start."""

BARE = {"wait", "join", "result", "get", "acquire"}
"""Methods of processes, threads, events, futures, queues and locks that wait for ever if they get
no argument at all."""

WORDS = re.compile(
    rf"\bsubprocess\.({'|'.join(STARTED)})\b|communicate|urlopen|\.({'|'.join(BARE)})\(\s*\)"
)
"""What no source without it waits by: it is told much faster than the source is parsed."""

REASON = "# no limit: "
"""What a line says, with the reason, when what it waits for has an end of its own."""


def endless(source: str) -> Iterator[int]:
    """Yield the lines that wait without a limit."""
    if not WORDS.search(source):
        return
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_endless(node):
            said = lines[max(node.lineno - 2, 0) : node.end_lineno]
            if not any(REASON in line for line in said):
                yield node.lineno


def _is_endless(call: ast.Call) -> bool:
    if any(keyword.arg in ("timeout", None) for keyword in call.keywords):
        return False
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "urlopen"
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr in STARTED:
        return isinstance(function.value, ast.Name) and function.value.id == "subprocess"
    if function.attr in {"communicate", "urlopen"}:
        return True
    return function.attr in BARE and not call.args and not call.keywords


def test_every_wait_has_a_limit() -> None:
    found = [f"{path}:{line}" for path in FILES for line in endless(path.read_text("utf-8"))]
    assert found == [], "give a timeout, or say on the line why it ends: " + REASON


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['x'], check=True)",
        "subprocess.check_output(['x'])",
        "process.communicate(b'x')",
        "process.wait()",
        "threading.Event().wait()",
        "thread.join()",
        "future.result()",
        "queue.get()",
        "urllib.request.urlopen('http://x')",
    ],
)
def test_a_wait_without_a_limit_is_found(code: str) -> None:
    assert list(endless(f"\n{code}\n")) == [2]


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['x'], timeout=1)",
        "subprocess.run(['x'], **options)",
        "process.wait(1)",
        "' '.join(words)",
        "found.get('key')",
        "over.wait()  # no limit: it ends with its parent",
    ],
)
def test_what_has_a_limit_is_let_through(code: str) -> None:
    assert list(endless(code)) == []
