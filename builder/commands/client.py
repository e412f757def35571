"""`lambda-layer client`: the package of hybrid services, as a folder to build."""

from __future__ import annotations

from pathlib import Path

import click

from builder.operations.client import write_client
from builder.report.terminal import echo


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def client(folder: Path) -> None:
    """Write the package of hybrid services into FOLDER: a package for a layer, and for an image.

    A layer that functions of a service need is then package = "FOLDER" in layers.toml, and in the
    Dockerfile of the service's image it is COPY FOLDER and pip install. Written again, it has the
    version of this command.

    \b
    Example: lambda-layer client client
    """
    files = write_client(folder)
    echo(f'{folder}: {len(files)} files; in layers.toml: package = "{folder.as_posix()}"')
