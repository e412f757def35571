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
    arn, name = pin.release.layer_arn, layer.name
    echo(f"{name} stays on {arn} until: lambda-layer unpin {name}")
    for use in elsewhere:
        echo(f"function {use} still has version {use.version}: layers.toml does not name it")


def show_unpinned(layer: Layer, unpinning: Unpinning, *, as_json: bool) -> None:
    """Write what is due now that a layer is no longer pinned."""
    moved = unpinning.moves_to
    if as_json:
        release = release_fields(moved) if moved else None
        show_json({"layer": layer.name, "due": unpinning.due, "release": release})
        return
    if moved is not None:
        echo(f"{layer.name} is on {moved.layer_arn}")
    else:
        echo(f"{layer.name}: due is {unpinning.due}; plan and apply it")
