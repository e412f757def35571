"""`lambda-layer try`: a layer built on this machine, to look at."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from builder.commands.options import Setting, as_json, pass_setting
from builder.commands.sizing import Question, sizing_options
from builder.errors import SpecError
from builder.report import progress
from builder.report import trial as report
from builder.sizes.asked import Asked, asked
from builder.sizes.trial import run


@click.command(name="try")
@click.argument("words", metavar="NAME|FILE|REQUIREMENT...", nargs=-1, required=True)
@sizing_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the zip is left; default: a new temporary folder.",
)
@as_json
@pass_setting
def try_layer(setting: Setting, question: Question, *, output: Path | None, as_json: bool) -> None:
    """Run a layer's build on this machine, publish nothing, and leave the zip in a folder.

    It takes the wheels for the layer's target, audits them, imports every module where an
    interpreter of the target is at hand, and needs no AWS account. It is for looking, never for
    releasing: what only CodeBuild can tell is said.

    \b
    Example: lambda-layer try web
             lambda-layer try 'pandas>=2' --python 3.12 --architecture arm64 -o /tmp/pandas
    """
    found = _one(asked(question.words, setting.config, setting.load, question.changes))
    into = output or Path(tempfile.mkdtemp(prefix=f"layer-{found.spec.name}-"))
    try:
        made = run(found.spec, found.root, into, progress(found.spec.name))
    except BaseException:
        if output is None:
            shutil.rmtree(into, ignore_errors=True)
        raise
    if as_json:
        report.show_trial_json(made)
    else:
        report.show_trial(made)


def _one(found: list[Asked]) -> Asked:
    if len(found) == 1:
        return found[0]
    raise SpecError(
        f"{len(found)} layers are meant",
        where=", ".join(f"{each.spec.name} for {each.spec.targets[0]}" for each in found),
        expected="one layer at a time",
        fix="name one, or one --python and one --architecture",
    )
