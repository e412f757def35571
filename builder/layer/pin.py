"""Pinned layers: a release that stays in use, whatever the sources say, until it is unpinned."""

from __future__ import annotations

from builder.layer.layer import Layer
from builder.layer.record import Pin, Record


def pin_of(layer: Layer, record: Record | None) -> Pin | None:
    """Return a layer's pin while the version it holds is there.

    A version that was deleted by hand can hold nothing: no function could be created with it.
    """
    pin = record.pinned if record else None
    if pin is None or not layer.services.layers.exists(pin.release.layer_arn):
        return None
    return pin
