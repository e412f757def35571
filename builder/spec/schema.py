"""The JSON Schema of layers.toml, made from the table of fields: what editors check and complete.

Sources: JSON Schema, draft 7, which editors' TOML extensions read; Taplo's documentation,
"Directives", for the line that names the schema.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from builder.spec.checks import APP_NAME, LAYER_NAME
from builder.spec.field import Field, Place
from builder.spec.fields import fields_in
from builder.spec.indexes import NAME as INDEX_NAME
from builder.spec.kinds import TABLE
from builder.spec.service_spec import NAME as SERVICE_NAME

SCHEMA_FILE = "layers.schema.json"
"""The schema's file beside a layers.toml."""

DIRECTIVE = f"#:schema ./{SCHEMA_FILE}"
"""The line of a layers.toml that editors find the schema by."""

INNER = {"app": Place.APP, "defaults": Place.DEFAULTS, "backend": Place.BACKEND} | {
    "codeartifact": Place.CODEARTIFACT,
    "licences": Place.LICENCES,
    "vpc": Place.VPC,
}
"""Keys whose value is a table."""

NAMED = {
    "layers": (Place.LAYER, LAYER_NAME),
    "indexes": (Place.INDEX, INDEX_NAME),
    "services": (Place.SERVICE, SERVICE_NAME),
}
"""Keys whose value holds tables by name, and what names may be."""

PATTERNS = {(Place.APP, "name"): APP_NAME}
"""What strings look like, as far as one pattern says it."""

CONTENTS = ("package", "requirements", "dependencies")
"""A layer has one of these at least."""

LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def schema() -> dict[str, Any]:
    """Return the schema of a layers.toml."""
    whole = _table(Place.FILE)
    either = [
        {"anyOf": [_defaults_have(field.name), _layers_have(field.name)]}
        for field in fields_in(Place.DEFAULTS).values()
        if field.required
    ]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "layers.toml of Fast Lambda Layer",
        **whole,
        "allOf": either,
    }


def _table(place: Place) -> dict[str, Any]:
    fields = fields_in(place)
    # What [defaults] can say need not stand in a layer.
    elsewhere = fields_in(Place.DEFAULTS) if place in (Place.LAYER, Place.DEFAULTS) else {}
    required = [f.name for f in fields.values() if f.required and f.name not in elsewhere]
    table = {
        "type": "object",
        "properties": {name: _value(field, place) for name, field in fields.items()},
        "required": required,
        "additionalProperties": False,
    }
    if place is Place.LAYER:
        table["anyOf"] = [{"required": [name]} for name in CONTENTS]
    return table


def _value(field: Field, place: Place) -> dict[str, Any]:
    about: dict[str, Any] = {"description": LINK.sub(r"\1", field.text)}
    if field.name in INNER and field.kind is TABLE:
        return {**about, **_table(INNER[field.name])}
    if field.name in NAMED and place is Place.FILE:
        inner, names = NAMED[field.name]
        return {
            **about,
            "type": "object",
            "propertyNames": {"pattern": _whole(names)},
            "additionalProperties": _table(inner),
            "minProperties": 1 if field.required else 0,
        }
    value = {**about, **field.kind.one_of(field.words)}
    if (place, field.name) in PATTERNS:
        value["pattern"] = _whole(PATTERNS[place, field.name])
    if field.default:
        value["default"] = _plain(field.default)
    return {**value, "examples": [tomllib.loads(f"v = {field.example}")["v"]]}


def _defaults_have(name: str) -> Mapping[str, Any]:
    return {"required": ["defaults"], "properties": {"defaults": {"required": [name]}}}


def _layers_have(name: str) -> Mapping[str, Any]:
    return {"properties": {"layers": {"additionalProperties": {"required": [name]}}}}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^({pattern.pattern})$"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
