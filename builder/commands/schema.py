"""`lambda-layer schema`: the JSON Schema of layers.toml."""

from __future__ import annotations

import json
from pathlib import Path

import click

from builder.commands.files import write
from builder.report.terminal import echo, say
from builder.spec.schema import DIRECTIVE, schema


@click.command("schema")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to a file.",
)
def schema_command(output: Path | None) -> None:
    """Print the JSON Schema of layers.toml, with which editors check and complete its keys.

    Editors with a TOML extension find it by the first line of layers.toml.

    \b
    Example: lambda-layer schema -o layers.schema.json
    """
    text = json.dumps(schema(), indent=2)
    if output is None:
        echo(text)
        return
    write(output, text + "\n")
    say(f"{output}; the first line of layers.toml that names it: {DIRECTIVE}")
