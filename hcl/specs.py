"""The local values of layers.tf: what each layer says, and what follows from it.

What does not hang on the fields and the policies is in terraform/specs.tf, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_fields import LAYER_FIELDS
from builder.spec.layer_spec import SCHEMA
from hcl.attributes import ARCHITECTURE, ARCHITECTURES
from hcl.logins import statements
from hcl.syntax import Attribute, Raw, expression


def locals_of_specs() -> Iterator[Attribute]:
    """Yield the local values that terraform/specs.tf and the resources use."""
    yield Attribute(
        "layer_merged",
        each(
            "name, layer in module.described.layers", "name", {"schema": SCHEMA, **dict(_merged())}
        ),
        "What each layer says, and what the defaults say where it does not.",
    )
    yield Attribute(
        "layer_logins",
        each("name, layer in local.layers", "name", statements()),
        "What builds of a layer may do to log in to its package indexes.",
    )


def each(source: str, key: str, value: Any, condition: str = "") -> Raw:
    """Return an object with a value for each of something for which a condition holds."""
    inner = expression(value).replace("\n", "\n  ")
    only = f" if {condition}" if condition else ""
    return Raw(f"{{\n  for {source} : {key} => {inner}{only}\n}}")


def _merged() -> Iterator[tuple[str, Raw]]:
    defaults = fields_in(Place.DEFAULTS)
    for field in LAYER_FIELDS:
        own, general = f"layer.{field.name}", f"module.described.defaults.{field.name}"
        if field.name == ARCHITECTURE:
            choices = (
                f"coalesce({own}s, [])",
                f"compact([{own}])",
                f"coalesce({general}s, [])",
                f"compact([{general}])",
            )
            yield ARCHITECTURES, Raw(f"try(coalescelist({', '.join(choices)}), [])")
        elif field.name in defaults:
            yield field.name, Raw(f"{own} == null ? {general} : {own}")
        else:
            yield field.name, Raw(own)
