"""`lambda-layer lock`: which versions a release was built of."""

from __future__ import annotations

from pathlib import Path

import click

from builder.commands.files import write
from builder.commands.options import Setting, layer_name, of_release, pass_setting
from builder.operations.lock import release_lock
from builder.report.terminal import clean


@click.command()
@layer_name
@click.option("--python", metavar="X.Y", help="Of which Python version, if there are several.")
@of_release
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write it to a file.",
)
@pass_setting
def lock(
    setting: Setting, name: str, *, python: str | None, version: int | None, output: Path | None
) -> None:
    """Show the lock that is stored with a release, as requirements with hashes.

    It can be installed elsewhere: pip install --no-deps --require-hashes -r FILE

    \b
    Example: lambda-layer lock web --python 3.12 --release 7 -o requirements.lock
    """
    (layer,) = setting.layers((name,))
    content = release_lock(layer, version=version, python=python)
    if output is None:
        click.echo(clean(content.decode("utf-8", "replace")), nl=False)
        return
    write(output, content)
