"""A release, as people and machines read it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.report.tables import release_fields, show, show_json


def show_release(layer: Layer, release: Release, *, as_json: bool) -> None:
    """Write a release."""
    if as_json:
        show_json({"layer": layer.name, **release_fields(release)})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in release_fields(release).items():
        if value != {}:
            table.add_row(name, escape(_readable(value)))
    show(table)


def _readable(value: str | int | Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return value if isinstance(value, str) else f"{value:,}"
