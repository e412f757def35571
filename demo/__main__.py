"""The demo's command line."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from builder.errors import LayerError
from demo.keeper import kept_aws, stop
from demo.parent import end_with_parent
from demo.project import REPOSITORY, make_project
from demo.screen import Screen
from demo.story import Story
from demo.tools import require_node
from embedded.aws import without_aws
from embedded.program import find as find_terraform
from embedded.terraform import Terraform

FOLDER = REPOSITORY / ".demo"


@click.command()
@click.option("--keep", is_flag=True, help="Leave the embedded AWS running, with the layers.")
@click.option(
    "--stop", "stop_kept", is_flag=True, help="End an embedded AWS that was left running."
)
def main(*, keep: bool, stop_kept: bool) -> None:
    """Tell the whole story of a layer on an embedded AWS."""
    screen = Screen()
    if stop_kept:
        screen.say("ended the embedded AWS" if stop(FOLDER) else "no embedded AWS is running")
        return
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        tell(screen, keep=keep)
    except LayerError as error:
        screen.error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        screen.say("interrupted; everything that was started has ended")
        sys.exit(130)


def tell(screen: Screen, *, keep: bool) -> None:
    """Prepare the project and the embedded AWS, and tell the story."""
    require_node()
    find_terraform()
    if stop(FOLDER):
        screen.detail("ended the embedded AWS of an earlier demo")
    project = make_project(FOLDER / "project")
    logs = FOLDER / "logs"
    for old in (logs, FOLDER / "aws"):
        shutil.rmtree(old, ignore_errors=True)
    logs.mkdir()
    screen.say("Fast Lambda Layer: two layers from source to a running function, and back.")
    with kept_aws(FOLDER) as aws:
        _enter(aws.environment)
        screen.detail(f"embedded AWS: {aws.environment['AWS_ENDPOINT_URL']} (ministack)")
        screen.detail("a CodeBuild agent in front of it really runs each build")
        project.synthesize(os.environ)
        terraform = Terraform(
            project.synthesized, os.environ, FOLDER / "terraform", schemas=FOLDER / "schemas"
        )
        story = Story(project, terraform, screen, logs, aws.environment["AWS_REGION"])
        story.tell(keep=keep)
        if keep:
            aws.stay()
            _say_how_to_talk(screen, aws.environment, project.folder)


def _enter(environment: Mapping[str, str]) -> None:
    """Make the embedded AWS the only AWS that this process and its children know."""
    clean = without_aws(os.environ)
    os.environ.clear()
    os.environ.update(clean)
    os.environ.update(environment)
    os.environ.update({"TF_VAR_s3_use_path_style": "true"})
    binaries = Path(sys.executable).parent
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _say_how_to_talk(screen: Screen, environment: Mapping[str, str], project: Path) -> None:
    screen.say("\nThe embedded AWS stays up. Talk to it from another shell, in this folder:\n")
    for name, value in environment.items():
        screen.say(f"export {name}={value}")
    config = project.relative_to(Path.cwd()) if project.is_relative_to(Path.cwd()) else project
    screen.say(f"\n.venv/bin/lambda-layer --config {config}/layers.toml status")
    screen.say("aws lambda list-layers")
    screen.say("\nmake stop        # ends it")


if __name__ == "__main__":
    main()
