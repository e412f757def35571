"""Puts the caller's names in the place of the template's."""

from __future__ import annotations

import re
from typing import Any

from hcl.syntax import split
from hcl.template import APP, LAYER, NAME, ROLE, ROLE_MARK, SHORT

EACH = "each.key"

REFERENCE = re.compile(rf"\b((?:data\.)?[a-z][a-z0-9_]*)\.{LAYER}_([a-z_]+(?:-[a-z]+)*)")


def of_each(name: str) -> str:
    """Return the name in the module of what the template has for its layer alone."""
    return re.sub(f"^{LAYER}_", "layer_", name)


def is_of_each(name: str) -> bool:
    """Whether the template has it for its layer alone."""
    return name.startswith(f"{LAYER}_")


def without_key(reference: str) -> str:
    """Return a reference to all instances of a resource, as ``depends_on`` takes it."""
    return REFERENCE.sub(r"\1.layer_\2", reference)


def of_key(reference: str, key: str) -> str:
    """Return a reference to the layer's instance of what has instances in a stack, too."""
    return reference.replace(f'["{LAYER}"]', f"[{key}]")


def put_names(value: Any, key: str = EACH) -> Any:
    """Return a value of the template with the application's name, and a layer's from ``key``."""
    if isinstance(value, str):
        return _text(value, key)
    if isinstance(value, dict):
        return {_text(name, key): put_names(item, key) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [put_names(item, key) for item in value]
    return value


def _text(text: str, key: str) -> str:
    text = of_key(REFERENCE.sub(rf"\1.layer_\2[{key}]", text), key)
    return "".join(
        f"${{{_words(piece, key)}}}" if is_code else _words(piece, key)
        for piece, is_code in split(text)
    )


def _words(text: str, key: str) -> str:
    # Expressions have these words in quotes alone, where they can be templates as well.
    return (
        text.replace(SHORT, f"${{local.layer_short[{key}]}}")
        .replace(ROLE_MARK, "${local.role_mark}")
        .replace(ROLE, f"${{local.layer_role_arn[{key}]}}")
        .replace(NAME, f"${{local.layer_name[{key}]}}")
        .replace(LAYER, f"${{{key}}}")
        .replace(APP, "${var.app}")
    )
