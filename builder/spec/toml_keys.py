"""The keys of a section of layers.toml: which there may be, and of which kind their values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from builder.errors import SpecError


def check_keys(
    section: Mapping[str, Any], known: Mapping[str, str], where: str, hint: str = ""
) -> None:
    """Raise SpecError for a key that is not known, or whose value is of another kind."""
    for key, value in section.items():
        if key not in known:
            close = get_close_matches(key, known, n=1)
            fix = f"did you mean {close[0]!r}?" if close else hint or f"remove {key!r}"
            raise SpecError(
                f"unknown key {key!r}", where=where, expected="one of: " + ", ".join(known), fix=fix
            )
        if not KINDS[known[key]](value):
            raise SpecError(
                f"{key} has the wrong type: {value!r}",
                where=f"{where}, key {key!r}",
                expected=EXPECTED[known[key]],
                fix=f"write {key} = " + EXAMPLES[known[key]],
            )


def table_in(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the table at a path of keys, {} where there is none."""
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document


def _is_strings(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "strings": _is_strings,
    "table": lambda value: isinstance(value, dict),
    "boolean": lambda value: isinstance(value, bool),
    "count": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1,
}
EXPECTED = {
    **{"string": "a string", "strings": "a list of strings"},
    **{"table": "a table", "boolean": "true or false", "count": "a whole number, 1 or more"},
}
EXAMPLES = {
    **{"string": '"..."', "strings": '["...", "..."]'},
    **{"table": "{ ... }", "boolean": "true", "count": "5"},
}
