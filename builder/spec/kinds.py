"""The kinds of values that keys of layers.toml have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of value: what messages and documentation call it, and which TOML values it takes."""

    name: str
    takes: Callable[[Any], bool]


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_count(value: Any) -> bool:
    # True is an int in Python.
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


STRING = Kind("a string", _is_string)
STRINGS = Kind("a list of strings", _is_list_of_strings)
ONE_OR_MORE = Kind(
    "a string or a list of strings",
    lambda value: _is_string(value) or _is_list_of_strings(value),
)
BOOLEAN = Kind("true or false", lambda value: isinstance(value, bool))
COUNT = Kind("a whole number, 1 or more", _is_count)
TABLE = Kind("a table", lambda value: isinstance(value, dict))
