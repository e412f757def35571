"""What people and machines read; with the commands the only place that prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import click


def progress(name: str) -> Callable[[str], None]:
    """Return a function that writes progress lines of a layer to stderr."""

    def write(line: str) -> None:
        click.echo(f"{name}: {line}", err=True)

    return write


def answer(document: dict[str, str]) -> None:
    """Write a hook's answer to stdout."""
    sys.stdout.write(json.dumps(document, sort_keys=True) + "\n")
