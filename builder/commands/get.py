"""`lambda-layer get`: what a release's build has left."""

from __future__ import annotations

from pathlib import Path

import click

from builder.commands.files import write, write_folder
from builder.commands.options import Setting, layer_name, of_release, pass_setting
from builder.operations.contents import ALL, DOCUMENTS, document_of, everything_of
from builder.report.terminal import clean, say


@click.command()
@layer_name
@click.argument("what", type=click.Choice([*DOCUMENTS, ALL]), default="zip")
@click.option(
    "--python", metavar="X.Y", help="Of which Python version, if there are several locks."
)
@of_release
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write it; default: stdout, for the zip NAME-VERSION.zip in this folder, for all "
    "a new folder NAME-VERSION.",
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
    """Fetch a release's zip, SBOM, provenance, manifest, signature or lock, or all of them.

    It is checked against what was recorded when it was released, and the signature by
    `lambda-layer verify`; a file without -o is never overwritten, and a folder never at all.

    \b
    Example: lambda-layer get web zip
             lambda-layer get web sbom -o web.cdx.json
             lambda-layer get web all -o copy
    """
    (layer,) = setting.layers((name,))
    if what == ALL:
        release, files = everything_of(layer, version)
        folder = output or Path(f"{name}-{release.version}")
        write_folder(folder, files)
        say(f"{folder}: {', '.join(files)} of version {release.version}")
        return
    release, content = document_of(layer, what, version=version, python=python)
    if output is None and what != "zip":
        click.echo(clean(content.decode("utf-8", "replace")), nl=False)
        return
    file = output or Path(f"{name}-{release.version}.zip")
    write(file, content, new=output is None)
    say(f"{file}: {len(content):,} bytes of version {release.version}")
