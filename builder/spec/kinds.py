"""The kinds of values that keys of layers.toml have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of value: what messages and documentation call it, and which TOML values it takes.

    ``schema`` says the same as JSON Schema; ``one_of`` makes it for values of which there are only
    so many.
    """

    name: str
    takes: Callable[[Any], bool]
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def one_of(self, words: tuple[str, ...]) -> dict[str, Any]:
        """Return the schema where each string is one of ``words``; without words, any string."""
        return _with(dict(self.schema), list(words)) if words else dict(self.schema)


def _with(schema: dict[str, Any], words: list[str]) -> dict[str, Any]:
    if schema.get("type") == "string":
        return {**schema, "enum": words}
    if "items" in schema:
        return {**schema, "items": _with(schema["items"], words)}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with(each, words) for each in schema["anyOf"]]}
    return schema


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_count(value: Any) -> bool:
    # True is an int in Python.
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_STRING: Mapping[str, Any] = {"type": "string"}
_STRINGS: Mapping[str, Any] = {"type": "array", "items": _STRING}

STRING = Kind("a string", _is_string, _STRING)
STRINGS = Kind("a list of strings", _is_list_of_strings, _STRINGS)
ONE_OR_MORE = Kind(
    "a string or a list of strings",
    lambda value: _is_string(value) or _is_list_of_strings(value),
    {"anyOf": [_STRING, _STRINGS]},
)
BOOLEAN = Kind("true or false", lambda value: isinstance(value, bool), {"type": "boolean"})
COUNT = Kind("a whole number, 1 or more", _is_count, {"type": "integer", "minimum": 1})
TABLE = Kind("a table", lambda value: isinstance(value, dict), {"type": "object"})
