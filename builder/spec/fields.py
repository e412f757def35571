"""The keys of layers.toml, a row each: what is known of a key follows from its row.

A new key of a layer is one row in layer_fields.py, an attribute of LayerSpec, and its use. From the
row come its parsing, its default, its check, its part of the fingerprint and of request.json, and
its line in docs/layers-toml.md (``make docs``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from builder.spec.app_fields import APP_FIELDS
from builder.spec.checks import Check
from builder.spec.field import Field, Place
from builder.spec.layer_fields import LAYER_FIELDS, LICENCE_FIELDS
from builder.spec.service_fields import SERVICE_FIELDS

FIELDS = (*APP_FIELDS, *LAYER_FIELDS, *LICENCE_FIELDS, *SERVICE_FIELDS)


@cache
def fields_in(place: Place) -> dict[str, Field]:
    """Return the keys that may stand in a table, by name."""
    return {field.name: field for field in FIELDS if place in field.places}


@cache
def spec_fields(place: Place) -> tuple[Field, ...]:
    """Return the keys of a table that a spec holds as attributes."""
    return tuple(field for field in FIELDS if place in field.places and field.rule is not None)


def default(name: str, place: Place = Place.LAYER) -> Any:
    """Return what a spec holds when the key is nowhere."""
    return fields_in(place)[name].default


def check_values(spec: object, place: Place, check: Check) -> None:
    """Check the attributes of a new spec, and set each to what it has to hold.

    Lists become tuples: lists are what people write in Python. Raise SpecError for the first value
    that cannot be right.
    """
    for field in spec_fields(place):
        value = field.checked(check, getattr(spec, field.in_spec))
        # Specs are frozen once they are made, hence the detour.
        object.__setattr__(spec, field.in_spec, value)
