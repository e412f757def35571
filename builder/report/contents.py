"""What is in a release, as people and machines read it."""

from __future__ import annotations

from rich.markup import escape

from builder.layer.layer import Layer
from builder.operations.contents import Contents
from builder.report.published import limit_of
from builder.report.starts import as_fields, show_starts
from builder.report.tables import megabytes, new_table, plural, release_fields, show, show_json
from builder.report.terminal import echo


def show_contents(layer: Layer, found: Contents, *, as_json: bool) -> None:
    """Write the packages of a release, the largest first, and what it takes of the limit."""
    release, manifest = found.release, found.manifest
    if as_json:
        packages = [vars(package) for package in found.packages]
        sizes = {"limit": limit_of(found.release), "share": round(found.share, 4)}
        more = {"contents": packages, "at_start": as_fields(manifest.at_start)}
        show_json({"layer": layer.name, **release_fields(release), **sizes, **more})
        return
    echo(release.address)
    whole = "an image" if release.image_uri else "a function and all its layers"
    echo(
        f"{plural(len(found.packages), 'package')}, {megabytes(manifest.unzipped_size)} unzipped, "
        f"{found.share:.1%} of Lambda's {megabytes(limit_of(release))} for "
        f"{whole}; {megabytes(manifest.zipped_size)} zipped"
    )
    table = new_table("package", "version", "size", "share of the layer")
    for package in found.packages:
        share = package.size / manifest.unzipped_size if manifest.unzipped_size else 0
        row = (escape(package.name), escape(package.version), megabytes(package.size))
        table.add_row(*row, f"{share:.0%}")
    show(table)
    show_starts(manifest.at_start)
