"""`lambda-layer move`: the layer's functions to its current version, or to another one."""

from __future__ import annotations

import click

from builder import report
from builder.clock import Clock
from builder.commands.options import Setting, as_json, pass_setting
from builder.errors import LayerError
from builder.functions.move import Moves, hand_over, move_functions
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.report.moves import show_moves


@click.command("move")
@click.argument("name")
@click.option("--to", "version", type=int, help="This version; default: the current release.")
@as_json
@pass_setting
def move(setting: Setting, name: str, *, version: int | None, as_json: bool) -> None:
    """Move the functions that `functions` names for a layer, and name those left behind.

    Functions that are there already stay as they are, so it can be repeated at any time. With
    --to another version the functions are there until the next release moves them.

    \b
    Example: lambda-layer move web
    """
    (layer,) = setting.layers((name,))
    if not layer.spec.functions:
        raise _nobody(layer)
    record = layer.records.load() or Record(layer.name)
    moves = _move(layer, record, version)
    show_moves(layer, moves, as_json=as_json)
    moves.check()


def _move(layer: Layer, record: Record, version: int | None) -> Moves:
    progress, clock = report.progress(layer.name), Clock()
    current = record.current
    if current is not None and version in (None, current.version):
        return hand_over(layer, current, progress=progress, clock=clock)
    return move_functions(layer, _other(layer, record, version), progress=progress, clock=clock)


def _other(layer: Layer, record: Record, version: int | None) -> str:
    known: list[Release] = [release for release in record.releases if release.version == version]
    if known and layer.services.layers.get(known[0].layer_arn) is not None:
        return known[0].layer_arn
    released = sorted({str(release.version) for release in record.releases}, key=int)
    raise LayerError(
        f"layer {layer.name!r} has no version {version}"
        if version
        else f"layer {layer.name!r} has no release",
        where=f"the record of the layer, and {layer.site.layer_name} in Lambda",
        expected=f"a version that was released and is still there: {', '.join(released) or 'none'}",
        fix="see lambda-layer status, or build the layer first",
    )


def _nobody(layer: Layer) -> LayerError:
    return LayerError(
        f"layer {layer.name!r} names no functions",
        where=layer.spec.where or f"layer {layer.name!r}",
        expected="functions = [...] with names, ARNs, tag:KEY=VALUE or *",
        fix="name them there; functions of the same Terraform configuration take the layer's ARN "
        "from it instead (docs/functions.md)",
    )
