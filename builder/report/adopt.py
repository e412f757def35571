"""What taking a layer over means, for people and machines."""

from __future__ import annotations

from pathlib import Path

from builder.operations.adopt import Adoption
from builder.report.tables import show_json
from builder.report.terminal import echo
from builder.text import some


def show_adoption(
    adoption: Adoption, config: Path, *, written: bool, dry_run: bool, as_json: bool
) -> None:
    """Write what stays, what comes next, and what is still to be written."""
    newest = adoption.versions[0].version
    functions = None if adoption.uses is None else sorted({u.function for u in adoption.uses})
    if as_json:
        show_json(
            {
                "layer": adoption.layer, "layer_name": adoption.name, "written": written,
                "line": adoption.line, "versions": [v.version for v in adoption.versions],
                "next_version": newest + 1, "functions": functions,
            }
        )  # fmt: skip
        return
    if written:
        echo(f"{config}: {adoption.line}, in [layers.{adoption.layer}]")
    elif not adoption.line:
        echo(f"{config} says so already: layer {adoption.layer} is {adoption.name} in Lambda")
    elif dry_run:
        echo(f"it would write into {config}, in [layers.{adoption.layer}]: {adoption.line}")
    else:
        echo(f"write this line into {config}, in [layers.{adoption.layer}]: {adoption.line}")
    echo(
        f"{len(adoption.versions)} versions of {adoption.name} stay; "
        f"the next release is version {newest + 1}"
    )
    if functions:
        echo(f"functions on it: {some(functions)}")
        echo(f'to move them with each release: functions = ["{functions[0]}"] and so on')
    echo(f"next: lambda-layer plan {adoption.layer}")
