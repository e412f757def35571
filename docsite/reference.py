"""The reference: commands, statuses, errors, variables and outputs, from what the code says."""

from __future__ import annotations

import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from builder.cli import COMMANDS, main
from builder.operations.explain import Explanation, explain, words
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from docsite.errors import GAP, errors_of_code

WIDTH = 90
"""Columns of what a command says of itself."""

HIDDEN = ("hook",)
"""Commands that Terraform calls, and no person."""


def pages() -> dict[str, Callable[[], str]]:
    """Return what writes each page of the reference, by the page's name."""
    return {
        "commands": commands,
        "statuses": statuses,
        "errors": errors,
        "variables": variables,
        "outputs": outputs,
    }


def commands() -> str:
    """Return the page of the commands: what each says with --help."""
    # As the command line makes it: click remembers the options for help once they are shown.
    group = click.Context(
        main, info_name="lambda-layer", terminal_width=WIDTH, **main.context_settings
    )
    parts = [
        "# Commands\n",
        "What `lambda-layer COMMAND --help` says. [Operations](../docs/operations.md) shows how "
        "they go together.\n",
        _console(main.get_help(group)),
    ]
    for name in sorted(COMMANDS.keys() - set(HIDDEN)):
        command = main.get_command(group, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=group, terminal_width=WIDTH)
        parts += [f"## {name}\n", _console(command.get_help(context))]
    return "\n".join(parts)


def statuses() -> str:
    """Return the page of the statuses: what each means, and what comes next."""
    found = _explained("status")
    rows = [(f"`{each.word}`", each.text, each.facts["next"]) for each in found]
    return "# Statuses\n\nWhat `plan`, `status` and `watch` say of a layer.\n\n" + _table(
        ("status", "what it means", "what comes next"), rows
    )


def errors() -> str:
    """Return the page of errors: their kinds, and each with its advice."""
    kinds = [(f"`{each.word}`", each.text) for each in _explained("error")]
    all_ = [(_plain(each.what), _plain(each.fix) or GAP) for each in errors_of_code()]
    return (
        "# Errors\n\nEvery error says what is wrong, where, what was expected, and how to fix "
        "it; with `--json` these are the keys `what`, `where`, `expected` and `fix`.\n\n"
        "## Kinds\n\nA program that imports the builder can tell these kinds apart:\n\n"
        + _table(("kind", "what it means"), kinds)
        + f"\n## What each says\n\nAs they are written in the code; {GAP} is what is only known "
        "where one is met. A slash parts what is said in one case from what is said in another."
        "\n\n" + _table(("what failed", "what to do"), all_)
    )


def variables() -> str:
    """Return the page of the variables that the synthesized stack has."""
    found = _stack()["variable"]
    rows = [
        (f"`{name}`", f"`{each['type']}`", _default(each.get("default")), each["description"])
        for name, each in sorted(found.items())
    ]
    return (
        "# Terraform variables\n\nOf the stack that `lambda-layer synth` writes. `-var "
        "NAME=VALUE`, `TF_VAR_NAME`, or `lambda-layer deploy --var NAME=VALUE`.\n\n"
        + _table(("variable", "type", "default", "what it is"), rows)
    )


def outputs() -> str:
    """Return the page of what a layer's output has."""
    from modules.layer.layer import LambdaLayer

    value = _stack()["output"]["web"]["value"]
    rows = [(f"`{name}`", _first_line(getattr(LambdaLayer, name))) for name in value]
    return (
        "# Terraform outputs\n\nThe stack has one output a layer, named after it; the construct "
        "has the same as properties.\n\n"
        "```sh\nterraform output -json web | jq -r .layer_arn\n```\n\n"
        + _table(("key", "what it is"), rows)
    )


def _explained(kind: str) -> list[Explanation]:
    return [each for word in words() for each in explain(word) if each.kind == kind]


def _stack() -> Mapping[str, Any]:
    """Return the JSON of a stack with one layer, synthesized for this."""
    from modules.layer.synthesis import synthesize

    web = LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",))
    with tempfile.TemporaryDirectory() as folder:
        synthesize(AppSpec("example"), (web,), project=Path(folder), outdir=Path(folder))
        file = Path(folder) / "stacks" / "example" / "cdk.tf.json"
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _default(value: object) -> str:
    return f"`{json.dumps(value)}`"


def _console(text: str) -> str:
    return f"```text\n{text}\n```\n"


def _plain(text: str) -> str:
    """Return a text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>$#~])", r"\\\1", text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)
