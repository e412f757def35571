"""`lambda-layer explain`: what a key, a status or an error means."""

from __future__ import annotations

from dataclasses import asdict

import click

from builder.commands.options import as_json
from builder.operations.explain import explain, words
from builder.report.tables import show_json
from builder.report.terminal import echo


def _complete(_context: click.Context, _argument: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in words() if word.startswith(incomplete)]


@click.command("explain")
@click.argument("key", required=False, shell_complete=_complete)
@as_json
def explain_command(key: str | None, *, as_json: bool) -> None:
    """Explain a key of layers.toml, a status of a layer, or a kind of error.

    Without KEY it lists all that it knows.

    \b
    Example: lambda-layer explain keep
             lambda-layer explain stale
    """
    if key is None:
        show_json(words()) if as_json else echo("\n".join(words()))
        return
    found = explain(key)
    if as_json:
        show_json([asdict(each) for each in found])
        return
    for each in found:
        echo(f"  {each.text}", mark=each.word + "\n", bold=True)
        for name, fact in each.facts.items():
            echo(f"  {name + ':':<10}{fact}")
