"""`lambda-layer move`: the layer's functions to its current version, or to another one."""

from __future__ import annotations

import click

from builder import report
from builder.clock import Clock
from builder.commands.options import Setting, as_json, layer_name, of_release, pass_setting
from builder.errors import LayerError
from builder.functions.move import Moves, hand_over, move_functions
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.layer.releases import current_release
from builder.release.living import living_release
from builder.report.moves import show_moves


@click.command("move")
@layer_name
@of_release
@as_json
@pass_setting
def move(setting: Setting, name: str, *, version: int | None, as_json: bool) -> None:
    """Move the functions that `functions` names for a layer, and name those left behind.

    Functions that are there already stay as they are, so it can be repeated at any time. With
    --release of another version the functions are there until the next release moves them.

    \b
    Example: lambda-layer move web
    """
    (layer,) = setting.layers((name,))
    if not layer.spec.functions:
        raise _nobody(layer)
    record = layer.records.load_or_new()
    moves = _move(layer, record, version)
    show_moves(layer, moves, as_json=as_json)
    again = f"lambda-layer move {name}" + (f" --release {version}" if version else "")
    moves.check(f"run it again: {again}")


def _move(layer: Layer, record: Record, version: int | None) -> Moves:
    progress, clock = report.progress(layer.name), Clock()
    if version is None or record.release_of(version) == record.current:
        current = current_release(layer, record)
        return hand_over(layer, current, progress=progress, clock=clock)
    arn = living_release(layer, record, version).layer_arn
    return move_functions(layer, arn, progress=progress, clock=clock)


def _nobody(layer: Layer) -> LayerError:
    if layer.spec.image:
        return LayerError(
            f"layer {layer.name!r} is an image, and no function is moved to one",
            where=layer.spec.where or f"layer {layer.name!r}",
            expected="a layer that functions have as a layer",
            fix="functions of the same Terraform configuration take the output image_uri; give it "
            "to others with: aws lambda update-function-code --image-uri",
        )
    return LayerError(
        f"layer {layer.name!r} names no functions",
        where=layer.spec.where or f"layer {layer.name!r}",
        expected="functions = [...] with names, ARNs, tag:KEY=VALUE or *",
        fix="name them there; functions of the same Terraform configuration take the layer's ARN "
        "from it instead (docs/functions.md)",
    )
