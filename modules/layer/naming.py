"""Terraform addresses and literals that people can read."""

from __future__ import annotations

import re
from typing import TypeVar

from cdktf import TerraformElement, TerraformStack

Element = TypeVar("Element", bound=TerraformElement)

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def named(element: Element) -> Element:
    """Address an element by its place in the stack: ``receipts_approval``, without cdktf's hash.

    The hash keeps apart what would be joined to the same name, which cannot happen as long as no
    part has the joining character in it. Where one has, the hash stays.
    """
    stack = TerraformStack.of(element)
    parts = element.node.path.removeprefix(f"{stack.node.path}/").split("/")
    if all(PLAIN.fullmatch(part) for part in parts):
        element.override_logical_id("_".join(parts))
    return element


def literal(text: str) -> str:
    """Escape what Terraform would take for a template (Terraform docs, "Strings and Templates")."""
    return text.replace("${", "$${").replace("%{", "%%{")
