"""Terraform addresses and literals that people can read."""

from __future__ import annotations

import re
from typing import TypeVar

from cdktf import TerraformElement, TerraformStack
from constructs import Construct

Element = TypeVar("Element", bound=TerraformElement)

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
USUAL = re.compile(r"(^|_)build$")
"""The end of an infrastructure's place that is in no address of its layers."""


def named(element: Element, under: str = "") -> Element:
    """Address an element by its place in the stack: ``receipts_approval``, without cdktf's hash.

    With ``under`` that takes the place of the scope's own. The hash keeps apart what would be
    joined to the same name, which cannot happen as long as no part has the joining character in
    it. Where one has, the hash stays.
    """
    if under:
        element.override_logical_id(f"{under}_{element.node.id}")
    elif place := place_of(element):
        element.override_logical_id(place)
    return element


def place_of(construct: Construct) -> str:
    """Return a construct's place in its stack, joined by "_"; "" where that could be mistaken."""
    stack = TerraformStack.of(construct)
    parts = construct.node.path.removeprefix(f"{stack.node.path}/").split("/")
    return "_".join(parts) if all(PLAIN.fullmatch(part) for part in parts) else ""


def layer_place(infrastructure: Construct, layer: str) -> str:
    """Return what a layer's addresses begin with: its name, after its infrastructure's place.

    So a layer's construct can be renamed or moved, and Terraform sees no difference. An id
    ``build`` is left out: ``web_approval`` beside ``build_bucket``. It stays for a layer of that
    name: ``build_build_approval``, because ``build_role`` is the infrastructure's. It is "" where
    the infrastructure's place has a hash.
    """
    place = place_of(infrastructure)
    if not place:
        return ""
    found = f"{USUAL.sub('', place)}_{layer}".removeprefix("_")
    return found if found != place else f"{place}_{layer}"


def literal(text: str) -> str:
    """Escape what Terraform would take for a template (Terraform docs, "Strings and Templates")."""
    return text.replace("${", "$${").replace("%{", "%%{")
