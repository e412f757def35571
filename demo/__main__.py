"""The demo's command line."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from demo.exports import enter, exports, variables
from demo.keeper import kept_aws, stop
from demo.project import REPOSITORY, make_project
from demo.screen import Screen
from demo.story import Story
from demo.telling import told
from demo.tools import require_node
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
    sys.exit(told(partial(tell, screen, keep=keep), screen))


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
        enter(aws.environment)
        screen.detail(f"embedded AWS: {aws.environment['AWS_ENDPOINT_URL']} (ministack)")
        screen.detail("a CodeBuild agent in front of it really runs each build")
        project.synthesize(os.environ)
        terraform = Terraform(
            project.synthesized, os.environ, FOLDER / "terraform", schemas=FOLDER / "schemas"
        )
        story = Story(terraform, screen, logs, project, aws.environment["AWS_REGION"])
        story.tell(keep=keep)
        if keep:
            aws.stay()
            _say_how_to_talk(screen, variables(aws.environment, terraform), project.folder)


def _say_how_to_talk(screen: Screen, found: Mapping[str, str], project: Path) -> None:
    screen.say("\nThe embedded AWS stays up. Talk to it from another shell, in this folder:\n")
    for line in exports(found):
        screen.say(line)
    config = project.relative_to(Path.cwd()) if project.is_relative_to(Path.cwd()) else project
    screen.say(f"\nlambda-layer --config {config}/layers.toml status")
    screen.say(f"(cd {config}/cdktf.out/stacks/* && terraform plan)")
    screen.say("aws lambda list-layers")
    screen.say("\nmake stop        # ends it")


if __name__ == "__main__":
    main()
