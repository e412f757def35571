"""`lambda-layer get`: what a release's build has left."""

from __future__ import annotations

from pathlib import Path

import click

from builder.commands.files import write
from builder.commands.options import Setting, layer_name, of_release, pass_setting
from builder.operations.contents import DOCUMENTS, document_of
from builder.report.terminal import clean, echo


@click.command()
@layer_name
@click.argument("what", type=click.Choice(list(DOCUMENTS)), default="zip")
@click.option(
    "--python", metavar="X.Y", help="Of which Python version, if there are several locks."
)
@of_release
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to a file; default: stdout, for the zip NAME-VERSION.zip in this folder.",
)
@pass_setting
def get(
    setting: Setting,
    name: str,
    what: str,
    *,
    python: str | None,
    version: int | None,
    output: Path | None,
) -> None:
    """Fetch a release's zip, SBOM, provenance, manifest or lock.

    It is checked against what was recorded when it was released; a file without -o is never
    overwritten.

    \b
    Example: lambda-layer get web zip
             lambda-layer get web sbom -o web.cdx.json
    """
    (layer,) = setting.layers((name,))
    release, content = document_of(layer, what, version=version, python=python)
    if output is None and what != "zip":
        click.echo(clean(content.decode("utf-8", "replace")), nl=False)
        return
    file = output or Path(f"{name}-{release.version}.zip")
    write(file, content, new=output is None)
    echo(f"{file}: {len(content):,} bytes of version {release.version}", err=True)
