"""A hybrid service whose image is a layer: built by plan and apply, used, changed, rolled back."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hybrid_service.conftest import LEDGER
from tests.patience import PATIENCE, wait_until
from tests.registry import Registry
from tests.terraform.builds import Builds, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import PYTHON, layer, write
from tests.terraform.test_service import add_function, call, ledger, left, settings

OF_LAYER: dict[str, Any] = {"image_tag": "", "layer": "server", "force_destroy": True}
DEFINITION = "aws_ecs_task_definition.build_service_ledger_task"
IDLE = 1800
"""Seconds: a task goes on while it is looked at, however busy the machine is."""

SETTINGS = "aws_s3_object.build_service_ledger_settings"
TOML = """
[app]
name = "{name}"
region = "{region}"
[layers.server]
package = "server"
python = ["{python}"]
architecture = "x86_64"
image = true
base = "{base}"
[services.ledger]
layer = "server"
command = ["ledger", "{{port}}", "{{data}}"]
cpu = 256
memory = 512
idle = {idle}
interval = 3600
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
force_destroy = true
"""


@pytest.fixture
def base() -> Iterator[str]:
    """What images are built on, in a registry on loopback."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield f"{registry.host}/python:3"


def builds_of(stack: Stack) -> Builds:
    """Let builds be quick, and have the program of the service."""
    builds = quick_builds(stack)
    words = " ".join(map(shlex.quote, (sys.executable, str(LEDGER))))
    builds.give("server", "ledger", f'#!/bin/sh\nexec {words} "$@"\n')
    return builds


def named(stack: Stack) -> str:
    """Return what the image is called that clients start tasks from; fail if they cannot."""
    definition = settings(stack)["task_definition"]
    found: Any = stack.aws.client("ecs").describe_task_definition(taskDefinition=definition)
    assert found["taskDefinition"]["status"] == "ACTIVE"
    (container,) = found["taskDefinition"]["containerDefinitions"]
    return str(container["image"])


def image_of(stack: Stack) -> str:
    """Return the image that clients start tasks from, by digest; fail if it is not there."""
    repository, _, tag = named(stack).rpartition(":")
    ecr: Any = stack.aws.client("ecr")
    (image,) = ecr.describe_images(
        repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": tag}]
    )["imageDetails"]
    return f"{repository}@{image['imageDigest']}"


def definitions(stack: Stack) -> list[str]:
    """Return the revisions that tasks can be started from."""
    ecs: Any = stack.aws.client("ecs")
    family = f"{stack.name}-ledger"
    return list(ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"])


def by_hand(stack: Stack, base: str, *arguments: str) -> str:
    """Run the command line in the stack's project; return what it said."""
    region = stack.aws.identity.region
    text = TOML.format(name=stack.name, region=region, python=PYTHON, base=base, idle=IDLE)
    write(stack.project / "layers.toml", text)
    done = subprocess.run(
        [Path(sys.executable).with_name("lambda-layer"), *arguments],
        cwd=stack.project, env={**stack.environment, "COLUMNS": "200"}, capture_output=True,
        text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def running(stack: Stack) -> list[dict[str, Any]]:
    """Return the tasks of the service."""
    ecs: Any = stack.aws.client("ecs")
    cluster = f"{stack.name}-ledger"
    if not ecs.describe_clusters(clusters=[cluster])["clusters"]:
        return []
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []


def end_tasks(stack: Stack) -> None:
    for task in running(stack):
        stack.aws.client("ecs").stop_task(cluster=f"{stack.name}-ledger", task=task["taskArn"])
    wait_until(lambda: not running(stack), "all tasks have ended")


@pytest.fixture
def stack(make: Make, base: str) -> Iterator[Stack]:
    """A stack whose service has the layer server; no task is left at the end."""
    made = make(layer("server", image=True, base=base), services=(ledger(**OF_LAYER, idle=IDLE),))
    yield made
    end_tasks(made)


def test_the_image_is_built_by_apply_used_changed_and_rolled_back(stack: Stack, base: str) -> None:
    builds = builds_of(stack)
    add_function(stack)
    planned = stack.plan()
    assert planned.writes == []
    repositories = [a for a in planned.changes if a.startswith("aws_ecr_repository.")]
    assert repositories == ["aws_ecr_repository.server_repository"]
    assert stack.apply().builds == 2  # and its push
    first = stack.output("server")["image_uri"]
    assert image_of(stack) == first
    unchanged = stack.plan()
    assert (unchanged.exit_code, unchanged.writes) == (0, [])
    assert call(stack, 1, 2)["found"] == [1, 2]

    stack.edit("server")
    planned = stack.plan()
    assert planned.changes == {
        "aws_s3_object.server_approval": ["update"],
        DEFINITION: ["create", "delete"],
        SETTINGS: ["update"],
    }
    assert "server/server/__init__.py changed" in planned.answer("server")["reason"]
    before = settings(stack)
    with builds.failing("server"):
        failed = stack.apply(check=False)
    assert failed.exit_code == 1
    assert "no such package: unobtainium" in failed.said
    assert (settings(stack), image_of(stack)) == (before, first)
    end_tasks(stack)
    again = call(stack, 3)
    assert (again["found"], again["generation"]) == ([1, 2, 3], 2)

    assert stack.apply().builds == 2
    assert definitions(stack) == [settings(stack)["task_definition"]]
    second = stack.output("server")["image_uri"]
    assert image_of(stack) == second != first
    assert stack.plan().exit_code == 0
    # The task goes on with what it was started from, which stays for as long.
    said = by_hand(stack, base, "status", "ledger")
    assert "its task runs server 1, and the next one server 3" in " ".join(said.split())
    pruning = json.loads(by_hand(stack, base, "prune", "server", "--keep", "1", "--json"))
    stays = {each["version"]: each["stays"] for each in pruning["versions"]}
    assert stays[1] == "used by a task of service ledger"
    end_tasks(stack)
    again = call(stack)
    assert (again["found"], again["generation"]) == ([1, 2, 3], 3)
    (task,) = running(stack)
    assert [container["image"] for container in task["containers"]] == [named(stack)]

    by_hand(stack, base, "rollback", "server", "1", "--yes", "--reason", "it is bad")
    planned = stack.plan()
    assert planned.changes == {DEFINITION: ["create", "delete"], SETTINGS: ["update"]}
    assert stack.apply().builds == 0
    assert image_of(stack) == first
    assert stack.plan().exit_code == 0

    end_tasks(stack)
    stack.destroy()
    assert left(stack) == []
    ecr: Any = stack.aws.client("ecr")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_images(repositoryName=f"{stack.name}/server")
