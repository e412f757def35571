"""The keys of a table of layers.toml: which there may be, and of which kind their values are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from builder.errors import SpecError
from builder.spec.field import Field, Place
from builder.spec.fields import FIELDS, fields_in
from builder.spec.kinds import STRINGS


def check_keys(table: Mapping[str, Any], place: Place, where: str) -> None:
    """Raise SpecError for a key that is not known there, or whose value is of another kind."""
    known = fields_in(place)
    for key, value in table.items():
        if key not in known:
            raise SpecError(
                f"unknown key {key!r}",
                where=where,
                expected="one of: " + ", ".join(known),
                fix=_instead(key, known),
            )
        if not known[key].kind.takes(value):
            raise _wrong_kind(known[key], value, where)


def table_in(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the table at a path of keys, {} where there is none."""
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document


def _instead(key: str, known: Mapping[str, Field]) -> str:
    elsewhere = [p.value for field in FIELDS if field.name == key for p in field.places]
    close = get_close_matches(key.lower().replace("-", "_"), known, n=1)
    if elsewhere:
        return f"move {key!r} to {' or '.join(elsewhere)}, or remove it"
    return f"did you mean {close[0]!r}?" if close else f"remove {key!r}"


def _wrong_kind(field: Field, value: Any, where: str) -> SpecError:
    # A string alone is what is written most often where a list belongs.
    alone = field.kind is STRINGS and isinstance(value, str)
    example = f"[{json.dumps(value, ensure_ascii=False)}]" if alone else field.example
    return SpecError(
        f"{field.name} has the wrong type: {value!r}",
        key=field.name,
        where=where,
        expected=field.kind.name,
        fix=f"write {field.name} = {example}",
    )
