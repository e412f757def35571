"""`lambda-layer report`: what is published of a layer, as a table and as a page."""

from __future__ import annotations

from pathlib import Path

import click

from builder.commands.files import write
from builder.commands.options import Setting, as_json, layer_name, of_release, pass_setting
from builder.operations.size_report import published
from builder.report.published import published_page, show_published, show_published_json


@click.command()
@layer_name
@of_release
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page with a treemap of it.",
)
@as_json
@pass_setting
def report(
    setting: Setting, name: str, *, version: int | None, page: Path | None, as_json: bool
) -> None:
    """Show what is published: sizes, licences, what changed since the release before.

    It is read from the release's manifest, and names its bill of materials, its provenance and its
    locks.

    \b
    Example: lambda-layer report web --html web.html
    """
    (layer,) = setting.layers((name,))
    found = published(layer, version)
    if page is not None:
        write(page, published_page(found))
    if as_json:
        show_published_json(found)
    else:
        show_published(found)
