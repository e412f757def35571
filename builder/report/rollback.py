"""Pins, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence

from builder.aws.functions import Use
from builder.documents import plain
from builder.layer.layer import Layer
from builder.layer.record import Pin
from builder.operations.rollback import Unpinning
from builder.report.tables import release_fields, show_json, use_fields
from builder.report.terminal import echo


def show_pin(layer: Layer, pin: Pin, elsewhere: Sequence[Use], *, as_json: bool) -> None:
    """Write what a layer is pinned to, how it is let go, and which functions stay elsewhere."""
    if as_json:
        held = {**plain(pin), "release": release_fields(pin.release)}
        others = [use_fields(use) for use in elsewhere]
        show_json({"layer": layer.name, "pinned": held, "elsewhere": others})
        return
    name, why = layer.name, "layers.toml does not name it"
    if layer.spec.image:
        why = "an apply gives functions of Terraform their image, and others get it from you"
    echo(f"{name} stays on {pin.release.address} until: lambda-layer unpin {name}")
    for use in elsewhere:
        echo(f"function {use} still has version {use.version}: {why}")


def show_unpinned(layer: Layer, unpinning: Unpinning, *, as_json: bool) -> None:
    """Write what is due now that a layer is no longer pinned."""
    moved = unpinning.moves_to
    if as_json:
        release = release_fields(moved) if moved else None
        show_json({"layer": layer.name, "due": unpinning.due, "release": release})
        return
    if moved is not None:
        echo(f"{layer.name} is on {moved.address}")
    else:
        echo(f"{layer.name}: due is {unpinning.due}; plan and apply it")
