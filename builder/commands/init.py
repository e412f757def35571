"""`lambda-layer init`: a first layers.toml."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from builder.commands.files import write
from builder.commands.options import as_json, yes
from builder.errors import LayerError
from builder.operations.init import Draft, Wishes, draft_of, refusals, text_of
from builder.report.terminal import clean, echo
from builder.spec.config_file import FILE_NAME
from builder.spec.layers_toml import Config, load_config
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES
from builder.spec.schema import SCHEMA_FILE, schema

NEXT = ("lambda-layer deploy --plan-only", "lambda-layer deploy")
BUILT = ("lambda-layer plan", "lambda-layer status")
"""What comes next where Terraform builds these layers already."""


@click.command()
@click.option("--name", "app", default="", help="The application's name; default: the project's.")
@click.option("--layer", default="", help="The layer's name; default: what is found, or its use.")
@click.option(
    "--python",
    multiple=True,
    type=click.Choice(list(RUNTIMES)),
    help="A Python version; may be repeated.",
)
@click.option("--architecture", default="", type=click.Choice(["", *ARCHITECTURES]), metavar="NAME",
    help="arm64 or x86_64; default: what is found, or x86_64, as functions have it.")  # fmt: skip
@click.option("--package", default="", metavar="DIR", help="A package's folder.")
@click.option("--requirements", multiple=True, metavar="FILE", help="A requirements file.")
@click.option("--dependency", "dependencies", multiple=True, metavar="REQ", help="A requirement.")
@click.option("--no-schema", is_flag=True, help=f"Do not write {SCHEMA_FILE} for editors.")
@yes
@as_json
@click.pass_context
def init(
    ctx: click.Context,
    /,
    *,
    no_schema: bool,
    yes: bool,
    as_json: bool,
    **wishes: str | tuple[str, ...],
) -> None:
    """Write a layers.toml for what is in this folder; never over one that is there.

    It looks for pyproject.toml with its lock, requirements.txt, setup.py, a SAM template,
    serverless.yml and Terraform files with layers; where none of them is, it looks into subfolders.
    Beside a call of our module, or a stack of your own that was synthesized here, it writes the
    same application and layers for the other commands. On a terminal it asks what it does not know
    for sure; elsewhere, or with --yes, it takes what it found. It calls nothing in AWS.

    \b
    Example: lambda-layer init
             lambda-layer init --name billing --dependency "requests>=2.32" --yes
    """
    config: Path = ctx.find_root().params.get("config") or Path(FILE_NAME)
    root = config.parent
    if config.exists():
        write(config, "", new=True)  # refuses it, before any question
    draft = draft_of(root, Wishes(**wishes))  # type: ignore[arg-type]
    if sys.stdin.isatty() and not yes and not as_json:
        draft = _asked(draft, Wishes(**wishes))  # type: ignore[arg-type]
    written = _write(config, draft, with_schema=not no_schema)
    draft = replace(draft, remarks=(*draft.remarks, *refusals(written, root)))
    _show(config, draft, as_json=as_json)


def _asked(draft: Draft, wishes: Wishes) -> Draft:
    """Ask for what was not said; the answers are checked with the whole file."""
    if not wishes.app:
        answer = click.prompt("Name of the application", default=draft.app, err=True)
        draft = replace(draft, app=answer.strip())
    if not wishes.python:
        versions = click.prompt(
            "Python of your functions (several: with commas)",
            default=", ".join(draft.python),
            err=True,
        )
        draft = replace(draft, python=tuple(v.strip() for v in versions.split(",") if v.strip()))
    if not wishes.architecture:
        known = click.Choice(list(ARCHITECTURES))
        answer = click.prompt(
            "Architecture of your functions", default=draft.architecture, type=known, err=True
        )
        draft = replace(draft, architecture=answer)
    return draft


def _write(config: Path, draft: Draft, *, with_schema: bool) -> Config:
    """Write the file, and take it away again if it would not be right."""
    write(config, text_of(draft, schema=with_schema), new=True)
    try:
        written = load_config(config)
    except BaseException:
        config.unlink()
        raise
    beside = config.parent / SCHEMA_FILE
    if with_schema and not beside.exists():
        try:
            write(beside, json.dumps(schema(), indent=2) + "\n", new=True)
        except LayerError:
            config.unlink()
            raise
    return written


def _show(config: Path, draft: Draft, *, as_json: bool) -> None:
    commands = [_for(config, command) for command in (BUILT if draft.built_by else NEXT)]
    if as_json:
        layers = [{"name": each.name, "from": each.origin} for each in draft.layers]
        document = {
            "config": str(config), "app": draft.app, "layers": layers,
            "remarks": draft.all_remarks, "next": commands,
        }  # fmt: skip
        echo(json.dumps(document, indent=2))
        return
    echo(f"wrote {config}")
    for layer in draft.layers:
        echo(f"  layer {layer.name}: {layer.origin}")
    for remark in draft.all_remarks:
        echo(f"  look at: {remark}")
    echo(f"next: {clean(commands[0])}")
    echo(f"      {clean(commands[1])}")


def _for(config: Path, command: str) -> str:
    if config == Path(FILE_NAME):
        return command
    return command.replace("lambda-layer", f"lambda-layer --config {config}", 1)
