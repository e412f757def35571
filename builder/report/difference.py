"""What differs between two releases, for people and machines."""

from __future__ import annotations

from dataclasses import asdict

from rich.markup import escape

from builder.layer.layer import Layer
from builder.operations.diff import Difference, PackageChange
from builder.report.tables import megabytes, new_table, plural, release_fields, show, show_json

MARKS = {
    "added": "[green]+ added[/]",
    "removed": "[red]- removed[/]",
    "changed": "[yellow]~ changed[/]",
    "resized": "  same version",
}


def show_difference(layer: Layer, found: Difference, *, as_json: bool) -> None:
    """Write what differs between two releases of a layer."""
    old, new = found.old, found.new
    if as_json:
        show_json(
            {
                "layer": layer.name,
                "from": release_fields(old),
                "to": release_fields(new),
                "packages": [{**asdict(change), "kind": change.kind} for change in found.packages],
            }
        )
        return
    show(
        f"{layer.name}: version {old.version} ({old.published_at}) -> "
        f"version {new.version} ({new.published_at}), {escape(new.reason)}",
        f"unzipped {_sizes(old.unzipped_size, new.unzipped_size)}, "
        f"zipped {_sizes(old.zipped_size, new.zipped_size)}, "
        f"{plural(old.packages, 'package')} -> {plural(new.packages, 'package')}",
    )
    if not found.packages:
        show("", "the packages are the same")
        return
    table = new_table("package", "", "from", "to", "size")
    for change in found.packages:
        table.add_row(
            escape(change.name),
            MARKS[change.kind],
            change.before or "-",
            change.after or "-",
            _change(change),
        )
    show("", table)


def _sizes(old: int, new: int) -> str:
    return f"{megabytes(old)} -> {megabytes(new)} ({signed(new - old)})"


def _change(change: PackageChange) -> str:
    return signed(change.size_after - change.size_before)


def signed(size: int) -> str:
    """Return a difference of bytes with its sign, for reading."""
    sign = "+" if size > 0 else "-" if size < 0 else ""
    size = abs(size)
    if size < 1000:
        return f"{sign}{size} B"
    return f"{sign}{size / 1e3:,.1f} kB" if size < 1_000_000 else f"{sign}{size / 1e6:,.1f} MB"
