"""`lambda-layer why`: who pulls a package into a layer, and what it costs."""

from __future__ import annotations

from difflib import get_close_matches

import click
from packaging.utils import canonicalize_name

from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.sizing import Question, predictions, sizing_options
from builder.errors import LayerError
from builder.report import size_tree as report
from builder.sizes.model import LayerSize


@click.command()
@click.argument("words", metavar="NAME|FILE|REQUIREMENT...", nargs=-1, required=True)
@click.argument("package")
@sizing_options
@as_json
@pass_setting
def why(setting: Setting, question: Question, *, package: str, as_json: bool) -> None:
    """Say who pulls a package into a layer, and what goes with it.

    The size that counts is that of the package with all that only it needs: so much becomes free
    when it is left out.

    \b
    Example: lambda-layer why web sympy
             lambda-layer why 'chromadb>=1' onnxruntime --python 3.12 --architecture arm64
    """
    found = [each.size for each in predictions(setting, question)]
    name = str(canonicalize_name(package))
    _check(found, name)
    if as_json:
        report.show_why_json(found, name)
    else:
        report.show_why(found, name)


def _check(layers: list[LayerSize], name: str) -> None:
    targets = [target for layer in layers for target in layer.targets]
    there = sorted({package.name for target in targets for package in target.packages})
    if name in there:
        return
    close = get_close_matches(name, there, n=3) or there[:5]
    raise LayerError(
        f"{name} is not among the packages",
        where=", ".join(str(target.target) for target in targets),
        expected=f"one of {len(there)} packages, such as {', '.join(close)}",
        fix="lambda-layer size --all shows all of them",
    )
