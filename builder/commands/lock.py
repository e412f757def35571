"""`lambda-layer lock`: which versions a release was built of."""

from __future__ import annotations

from typing import BinaryIO

import click

from builder.commands.options import Setting, pass_setting
from builder.releaselock import release_lock


@click.command()
@click.argument("name")
@click.option("--python", metavar="X.Y", help="Of which Python version, if there are several.")
@click.option(
    "--release",
    "version",
    type=click.IntRange(min=1),
    metavar="VERSION",
    help="Of which version of the layer; default: the current one.",
)
@click.option(
    "-o", "--output", type=click.File("wb", lazy=True), default="-", help="Write it to a file."
)
@pass_setting
def lock(
    setting: Setting, name: str, *, python: str | None, version: int | None, output: BinaryIO
) -> None:
    """Show the lock that is stored with a release, as requirements with hashes.

    It can be installed elsewhere: pip install --no-deps --require-hashes -r FILE

    \b
    Example: lambda-layer lock web --python 3.12 --release 7 -o requirements.lock
    """
    (layer,) = setting.layers((name,))
    output.write(release_lock(layer, version=version, python=python))
