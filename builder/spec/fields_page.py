"""The tables of docs/layers-toml.md, written from the table of fields."""

from __future__ import annotations

import json

from builder.spec.field import Field, Place
from builder.spec.fields import fields_in

BEGIN, END = "<!-- from builder/spec/fields.py: make docs -->\n", "<!-- end -->\n"

TABLES = (
    Place.APP,
    Place.BACKEND,
    Place.VPC,
    Place.LAYER,
    Place.LICENCES,
    Place.INDEX,
    Place.CODEARTIFACT,
    Place.SERVICE,
)
"""The tables that the page shows; the keys of [defaults] are marked among those of a layer."""


def page(old: str) -> str:
    """Return the page with the tables between its two marks as they should be.

    Raise ValueError when the marks are not there.
    """
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page does not have the lines {BEGIN!r} and {END!r}")
    return before + begin + tables() + end + after


def tables() -> str:
    """Return a heading and a table for each table of layers.toml, as Markdown."""
    return "".join(f"\n## {place.value}\n\n{_table(place)}" for place in TABLES) + "\n"


def _table(place: Place) -> str:
    is_layer = place is Place.LAYER
    head = ["key", "value", "default", *(["in [defaults]", "builds again"] if is_layer else []), ""]
    rows = [head, ["---"] * len(head)]
    for field in fields_in(place).values():
        row = [f"`{field.name} = {field.example}`", field.kind.name, _default(field)]
        if is_layer:
            row += [_mark(Place.DEFAULTS in field.places), _mark(field.fingerprint is not None)]
        rows.append([*row, field.text])
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return f"`{json.dumps(field.default)}`" if field.default else ""


def _mark(holds: bool) -> str:
    return "yes" if holds else ""
