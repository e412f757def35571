"""The sandbox's command line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from builder.errors import LayerError
from builder.signals import ended_in_order
from builder.spec.layers_toml import load_config
from demo.exports import environment, exports, variables
from demo.keeper import kept_aws, stayed, stop
from demo.project import REPOSITORY
from demo.screen import Screen
from demo.tools import require_node
from embedded.terraform import Terraform
from sandbox.alone import alone
from sandbox.copies import forget_states, place_of, refresh, settle
from sandbox.function import imports

FOLDER = REPOSITORY / ".sandbox"
LONGEST = 3600.0
"""Seconds that building all layers may take."""


@click.command()
@click.argument("project", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--stop", "ends", is_flag=True, help="End the embedded AWS; what it had is gone.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=FOLDER, help="Where everything is kept."
)
def main(project: Path | None, folder: Path, *, ends: bool) -> None:
    """Start the embedded AWS, or join it; plan, apply and try the layers of PROJECT on it.

    The project is copied and stays as it is. Without one the embedded AWS is started only.
    """
    screen = Screen()
    if ends:
        screen.say("ended the embedded AWS" if stop(folder) else "no embedded AWS is running")
        return
    try:
        with ended_in_order():
            sys.exit(run(screen, project, folder.resolve()))
    except LayerError as error:
        screen.error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        screen.say("interrupted; make stop ends the embedded AWS")
        sys.exit(130)


def run(screen: Screen, project: Path | None, folder: Path) -> int:
    """Do everything, and say how to go on; return the exit status."""
    if project is not None and not project.is_dir():
        raise LayerError(
            f"there is no folder {project}",
            expected="a project with a layers.toml, or with .tf files",
            fix="make sandbox PROJECT=path/to/it",
        )
    with alone(folder):
        aws = _aws(screen, folder)
    place = place_of(project, folder) if project else folder
    status = 0
    if project is not None:
        has_layers = _has_layers(project)
        with alone(place.parent):
            refresh(project.resolve(), place)
            screen.say(f"{project} -> {place}")
            if has_layers:
                status = _try(screen, place, aws, folder)
    found = variables(aws, _terraform(place, aws, folder))
    lines = exports(found)
    (folder / "exports.sh").write_text("\n".join(lines) + "\n", encoding="utf-8")
    screen.say("\nCommands of another shell reach this AWS, and no other, after\n")
    for line in lines:
        screen.say(line)
    screen.say(f"\nor after: . {shlex.quote(str(folder / 'exports.sh'))}\n")
    for line in _next(project, place):
        screen.say(line)
    return status


def _aws(screen: Screen, folder: Path) -> Mapping[str, str]:
    there = stayed(folder)
    if there:
        screen.detail(f"embedded AWS: {there['AWS_ENDPOINT_URL']}, as before")
        return there
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    stop(folder)  # one that stays, and of which it is not known how to reach it
    forget_states(folder)  # of an AWS that is gone
    with kept_aws(folder) as aws:
        screen.detail(f"embedded AWS: {aws.environment['AWS_ENDPOINT_URL']} (ministack)")
        aws.stay()
        return aws.environment


def _has_layers(project: Path) -> bool:
    """Whether there is a layers.toml; raise SpecError, which names that file, for a wrong one."""
    file = project / "layers.toml"
    if file.is_file():
        require_node()
        load_config(file)
        return True
    if not list(project.glob("*.tf")):
        raise LayerError(
            "there is nothing to try",
            where=str(project),
            expected="a layers.toml, or .tf files",
            fix="lambda-layer init writes a layers.toml for what is in the folder",
        )
    return False


def _try(screen: Screen, place: Path, aws: Mapping[str, str], folder: Path) -> int:
    for line in settle(place / "layers.toml"):
        screen.detail(f"in the copy: {line}")
    config = load_config(place / "layers.toml")
    terraform = _terraform(place / "cdktf.out" / "stacks" / config.app.name, aws, folder)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lambda-layer")), "deploy", "--yes"],
        cwd=place,
        env={**terraform.environment, "TERRAFORM": str(terraform.program.path)},
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        return done.returncode
    outputs = terraform.outputs()
    layers = {layer.name: outputs.get(layer.name) or {} for layer in config.layers}
    arns = {name: found.get("layer_arn", "") for name, found in layers.items()}
    return max(_prove(screen, f"{config.app.name}-{n}", arn, aws) for n, arn in arns.items())


def _prove(screen: Screen, layer: str, arn: str, aws: Mapping[str, str]) -> int:
    """Show what a function with the layer imports; return 1 if it cannot import everything."""
    if not arn.startswith("arn:"):
        screen.say(f"\n{layer} has no version yet")
        return 0
    screen.say(f"\nA function with {arn} imports:")
    found = imports(aws, f"sandbox-{layer}"[:64], arn)
    rows = [(entry.module, entry.version, entry.error or entry.file) for entry in found]
    screen.table(("import", "version", "from"), rows)
    return int(any(entry.error for entry in found))


def _terraform(place: Path, aws: Mapping[str, str], folder: Path) -> Terraform:
    place.mkdir(parents=True, exist_ok=True)
    return Terraform(place, environment(aws), folder / "terraform", schemas=folder / "schemas")


def _next(project: Path | None, place: Path) -> list[str]:
    again = ["make stop        # ends it"]
    if project is None:
        return ["make sandbox PROJECT=path        # plans, applies and tries its layers", *again]
    there = f"cd {shlex.quote(str(place))}"
    if not (place / "layers.toml").is_file():
        return [f"{there} && terraform init && terraform plan", *again]
    run_again = f"make sandbox PROJECT={shlex.quote(str(project))}"
    return [
        f"{there} && lambda-layer status",
        f"{there}/cdktf.out/stacks/* && terraform plan",
        f"{run_again}        # after an edit of yours: the copy is made again",
        *again,
    ]


if __name__ == "__main__":
    main()
