"""`lambda-layer deploy`: from layers.toml to the ARNs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from builder.clock import Clock
from builder.commands.options import (
    BUILD_GOES_ON,
    LEFT,
    Setting,
    as_json,
    confirm,
    need_answer,
    pass_setting,
    yes,
)
from builder.commands.synthesis import named, synthesis
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.operations.follow import followed
from builder.operations.terraform import Changes, Terraform, find_program, plan_file
from builder.protocol.statuses import BUILDING
from builder.release.foreseen import foreseen
from builder.release.plan import plan
from builder.report.deploy import follower, show_changes, show_deployed
from builder.report.plan import show_answers, show_plans
from builder.report.terminal import echo, say

NAME = "app_name"
"""The variable of the stack that names the application."""

APPLIED, PLANNED, UNCHANGED = "applied", "planned", "unchanged"


@click.command()
@click.option("--plan-only", is_flag=True, help="Plan, and apply nothing.")
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A Terraform variable."
)
@yes
@as_json
@pass_setting
def deploy(
    setting: Setting, *, plan_only: bool, variables: tuple[str, ...], yes: bool, as_json: bool
) -> None:
    """Synthesize, plan and apply: build what is due, and show the ARNs.

    It runs terraform, or tofu, or what TERRAFORM names, in cdktf.out/stacks/APP, says which layers
    will be built and why, and asks before it applies exactly that plan. Meanwhile it shows how the
    builds get on. The state is where layers.toml has it. Progress goes to stderr.

    \b
    Example: lambda-layer deploy
             lambda-layer deploy --yes --json
    """
    meta = click.get_current_context().meta
    meta[LEFT] = "nothing was applied"
    config = setting.load()
    given = _variables(setting, variables)
    program = find_program(os.environ)
    need_answer(yes=yes or plan_only)
    folder = _synthesized(setting)
    terraform = Terraform(folder, program, _environment(), say, given)
    say(f"{terraform.name} init, in {folder}")
    terraform.init()
    layers = _named(setting, terraform).layers(())
    with plan_file() as file:
        say(f"{terraform.name} plan")
        changes = terraform.plan(file)
        result = UNCHANGED
        if changes:
            _show_plan(layers, changes, as_json=as_json)
            result = PLANNED
            if not plan_only:
                confirm("Apply this?", yes=yes)
                say(f"{terraform.name} apply")
                meta[LEFT] = BUILD_GOES_ON
                with followed(layers, Clock(), follower()):
                    terraform.apply(file)
                result, meta[LEFT] = APPLIED, "all of it was applied"
        elif not as_json:
            say("nothing to do")
        names = [layer.name for layer in config.layers]
        outputs = _outputs(terraform.outputs(), names)
    show_deployed(
        result, changes, {} if result == PLANNED else outputs, folder=str(folder), as_json=as_json
    )
    for name, output in outputs.items():
        if output.get("status") == BUILDING:
            say(f"{name} is building; to wait for it: lambda-layer wait {name}")


def _named(setting: Setting, terraform: Terraform) -> Setting:
    """Return the setting of the application as the stack names it (modules/layer/workspaces.py)."""
    given = terraform.variables.get(NAME) or terraform.environment.get(f"TF_VAR_{NAME}")
    workspace = terraform.workspace()
    if not given and workspace == "default":
        return setting
    return replace(setting, app=given or f"{setting.load().app.name}-{workspace}")


def _variables(setting: Setting, words: Sequence[str]) -> dict[str, str]:
    found = {
        "aws_region": setting.region,
        "aws_profile": setting.profile,
        "assume_role_arn": setting.role_arn,
    }
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--var {word!r} is not NAME=VALUE")
        found[name] = value
    return found


def _synthesized(setting: Setting) -> Path:
    environment = {k: v for k, v in os.environ.items() if k != "CDKTF_OUTDIR"}
    done = synthesis(setting.config, *named(setting.app), captured=True, environment=environment)
    if done.returncode != 0:
        echo(done.stderr.rstrip("\n"), err=True)  # it is an error of ours, with its fix
        sys.exit(done.returncode)
    say(done.stdout.splitlines()[0])
    app = setting.load().app.name
    return setting.config.parent / "cdktf.out" / "stacks" / app


def _environment() -> Mapping[str, str]:
    """Return the environment in which Terraform's hooks find this very program."""
    binaries = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _show_plan(layers: Sequence[Layer], changes: Changes, *, as_json: bool) -> None:
    if not as_json and changes.layers:
        show_answers(changes.layers)
    elif not as_json:
        plans = [(layer, plan(layer)) for layer in layers]
        show_plans(plans, foreseen(plans), as_json=False)
    show_changes(changes)


def _outputs(found: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    layers = {name: found[name] for name in names if isinstance(found.get(name), dict)}
    if any("status" not in layer for layer in layers.values()):
        raise LayerError(
            "the state has outputs that are none of a layer",
            where=", ".join(layers),
            expected="layer_arn, version and status of each layer",
            fix="apply the stack again with this version",
        )
    return layers
