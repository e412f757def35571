"""Pins, for people and machines."""

from __future__ import annotations

from dataclasses import asdict

import click

from builder.layer import Layer
from builder.record import Pin
from builder.report.tables import release_fields, show_json
from builder.rollback import Unpinning


def show_pin(layer: Layer, pin: Pin, *, as_json: bool) -> None:
    """Write what a layer is pinned to, and how it is let go."""
    if as_json:
        show_json(
            {"layer": layer.name, "pinned": {**asdict(pin), "release": release_fields(pin.release)}}
        )
        return
    arn, name = pin.release.layer_arn, layer.name
    click.echo(f"{name} stays on {arn} until: lambda-layer unpin {name}")


def show_unpinned(layer: Layer, unpinning: Unpinning, *, as_json: bool) -> None:
    """Write what is due now that a layer is no longer pinned."""
    moved = unpinning.moves_to
    if as_json:
        release = release_fields(moved) if moved else None
        show_json({"layer": layer.name, "due": unpinning.due, "release": release})
        return
    if moved is not None:
        click.echo(f"{layer.name} is on {moved.layer_arn}")
    else:
        click.echo(f"{layer.name}: due is {unpinning.due}; plan and apply it")
