"""Whether a test makes a synthesis of its own, told by its code: it is slow then (tests/needs.py).

What is made once and only read, by a fixture of a module or of the session, is none of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType, ModuleType

import pytest

WORDS = {"synth", "synthesize"}
"""The method of an App and of Testing that does it, and the function that has it done."""

OURS = ("tests.", "docsite.", "hcl.", "stacks.", "modules.layer.")
"""Where the functions are that may call it for a test."""


def synthesizes(item: pytest.Item) -> bool:
    """Tell by the functions that a test and its own fixtures name, and those that they name."""
    return any(leads_there(function) for function in _functions(item))


def _functions(item: pytest.Item) -> Iterator[FunctionType]:
    if isinstance(item, pytest.Function) and isinstance(item.function, FunctionType):
        yield item.function
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for fixtures in known.values():
        if fixtures[-1].scope == "function" and isinstance(fixtures[-1].func, FunctionType):
            yield fixtures[-1].func


@cache
def leads_there(function: FunctionType) -> bool:
    """Tell whether a function names what synthesizes, or one of ours that leads there."""
    seen: set[FunctionType] = set()
    left = [function]
    while left:
        each = left.pop()
        names = set(_names(each.__code__))
        if WORDS & names:
            return True
        seen.add(each)
        left += set(_named(names, each.__globals__)) - seen
    return False


def _named(names: set[str], known: Mapping[str, object]) -> Iterator[FunctionType]:
    for name in names & known.keys():
        value = known[name]
        if isinstance(value, ModuleType) and f"{value.__name__}.".startswith(OURS):
            yield from _named(names - {name}, vars(value))
        elif isinstance(value, FunctionType) and value.__module__.startswith(OURS):
            yield inspect.unwrap(value)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
