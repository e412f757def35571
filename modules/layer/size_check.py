"""What a plan says of a layer's size: a line that it shows, and a refusal of what cannot fit."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, Op, Precondition


def line(planned: Any) -> str:
    """Return what the plan hook says of the size, as an expression; "" where it says nothing."""
    return _said(planned, "size")


def fits(layer: str, planned: Any) -> Precondition:
    """Refuse a layer that cannot fit, with what the plan hook says of it."""
    # Terraform quotes what the condition is about, which should be a word.
    return Precondition(
        condition=Op.neq(_said(planned, "size_fits"), "false"),
        error_message=f"Layer {layer} cannot fit.\n{_said(planned, 'size_refusal')}",
    )


def _said(planned: Any, key: str) -> str:
    # Fn.lookup drops a default that is empty (seen with cdktf 0.21).
    return str(Fn.try_([Fn.lookup_nested(planned, [key]), ""]))
