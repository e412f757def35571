"""`lambda-layer size`: what a layer will take, before it is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from builder.commands.files import write
from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.sizing import Question, predictions, sizing_options, with_neighbours
from builder.errors import LayerError
from builder.report import sizes as report
from builder.report.size_advice import show_advice
from builder.report.size_page import size_page
from builder.report.size_tree import show_trees
from builder.report.treemap import svg
from builder.sizes.model import FITS, TOO_LARGE, LayerSize

FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True)
class View:
    """What is shown, and which files are written."""

    everything: bool
    tree: bool
    advice: bool
    page: Path | None
    picture: Path | None


@click.command()
@click.argument("words", metavar="[NAME | FILE | REQUIREMENT]...", nargs=-1)
@sizing_options
@click.option("--all", "everything", is_flag=True, help="Show every package, not the largest.")
@click.option("--tree", is_flag=True, help="Show who pulls in what, and what goes with it.")
@click.option("--advice", is_flag=True, help="Say what could be saved, also where all fits.")
@click.option(
    "--html", "page", type=FILE, metavar="FILE", help="Write a page with a treemap of it."
)
@click.option("--svg", "picture", type=FILE, metavar="FILE", help="Write a treemap as SVG.")
@click.option("--check", is_flag=True, help="Exit with 1 when a layer cannot fit.")
@as_json
@pass_setting
def size(setting: Setting, question: Question, *, as_json: bool, check: bool, **views: Any) -> None:
    """Predict what layers take, from the tables of contents of their wheels.

    Each argument is a layer of layers.toml, a requirements file or a pyproject.toml, or a
    requirement; without any, all layers. Nothing is built, and nothing of AWS is asked. It resolves
    as the build does, after slim and exclude, and compares with the 262,144,000 bytes that a
    function and its layers may take: other layers for the functions that a layer names are counted.
    What has to be compiled is unknown.

    \b
    Example: lambda-layer size chromadb --python 3.12 --python 3.13 --architecture arm64
             lambda-layer size requirements.txt --json
    """
    view = View(**views)
    found = with_neighbours(setting, predictions(setting, question))
    sizes = [each.size for each in found]
    if view.page is not None:
        write(view.page, size_page([(each.size, each.advice) for each in found]))
    if view.picture is not None:
        write(view.picture, svg(max(sizes, key=lambda layer: layer.size)))
    if as_json:
        report.show_sizes_json([(each.size, each.advice) for each in found])
    elif view.tree:
        show_trees(sizes)
    else:
        report.show_sizes(sizes, everything=view.everything)
        for each in found:
            if view.advice or each.size.verdict != FITS:
                show_advice(each.advice)
    if check:
        _check(sizes)


def _check(found: list[LayerSize]) -> None:
    for layer in found:
        if layer.verdict == TOO_LARGE:
            what = f"{layer.name} cannot be a layer: {layer.size:,} bytes unzipped"
            raise LayerError(
                f"{what}; {layer.shared}" if layer.others else what,
                where=", ".join(str(target.target) for target in layer.targets),
                expected=f"at most {layer.limit:,} bytes, the function and its other layers "
                "among them",
                fix=f"lambda-layer size {layer.name} says what can be left out or split",
            )
