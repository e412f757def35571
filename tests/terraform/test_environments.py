"""Dev and prod of one application in one account: one is destroyed, the other stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import INSTALLED, Make, Stack
from tests.terraform.module_root import MODULE, ModuleRoot
from tests.terraform.packages import write, write_package


def as_named(stack: Stack, name: str) -> Stack:
    """Return a stack's environment of another name, to look at what it has in AWS."""
    return replace(stack, name=name, variables={})


def is_there(stack: Stack, version: int = 1) -> None:
    """Assert that an environment has its bucket, its record and one version of its layer."""
    assert stack.versions() == [version]
    assert stack.record()["current"]["layer_arn"].endswith(f":layer:{stack.name}-web:{version}")


def is_gone(stack: Stack) -> None:
    """Assert that nothing is left of an environment."""
    assert stack.versions() == []
    buckets = stack.aws.client("s3").list_buckets()["Buckets"]
    assert stack.bucket not in [bucket["Name"] for bucket in buckets]


def test_each_workspace_of_a_stack_is_an_environment_with_names_and_a_state_of_its_own(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    dev = as_named(stack, f"{stack.name}-dev")

    stack.run("workspace", "new", "dev")
    planned = stack.plan()
    assert (planned.writes, planned.answer()["status"]) == ([], "missing")
    assert "delete" not in str(planned.changes)
    assert stack.apply().builds == 1
    is_there(stack)
    is_there(dev)
    assert stack.plan().exit_code == 0

    # What is generated may be deleted and generated again.
    kept = {file.relative_to(stack.project).as_posix() for file in stack.project.rglob("*.tfstate")}
    states = {name for name in kept if "/.terraform/" not in name}
    own = f"terraform.{stack.name}.tfstate"
    assert states == {own, f"{own}.d/dev/terraform.tfstate"}

    stack.destroy()
    is_gone(dev)
    is_there(stack)
    stack.run("workspace", "select", "default")
    assert stack.plan().exit_code == 0
    stack.destroy()
    is_gone(stack)


def test_a_workspace_that_cannot_be_part_of_a_name_is_refused_at_plan_and_can_be_given_one(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    stack.run("workspace", "new", "Feature_1")
    refused = stack.fails("plan")
    assert f"would be named {stack.name}-Feature_1, after the workspace" in refused.said
    assert f"-var app_name={stack.name}-dev" in refused.said
    assert refused.writes == []

    stack.variables["app_name"] = f"{stack.name}-f1"
    assert stack.apply().builds == 1
    is_there(as_named(stack, f"{stack.name}-f1"))
    stack.destroy()
    is_gone(as_named(stack, f"{stack.name}-f1"))


def test_an_async_workspace_has_a_publisher_of_its_own(make: Make) -> None:
    stack = make(app={"async_mode": True})
    quick_builds(stack)
    stack.run("workspace", "new", "dev")
    functions = {
        change["change"]["after"]["function_name"]: change["change"]["after"]["environment"]
        for change in stack.plan().document["resource_changes"]
        if change["type"] == "aws_lambda_function"
    }
    (variables,) = functions[f"{stack.name}-dev-layers-publisher"]
    assert variables["variables"]["LAMBDA_LAYER_APP"] == f"{stack.name}-dev"


def by_hand(
    folder: Path, environment: Mapping[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    """Run `lambda-layer` in a folder."""
    return subprocess.run(
        [INSTALLED, *words],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


LAYERS = """
[app]
name = "APP"

[layers.web]
package = "web"
python = ["3.13"]
architecture = "arm64"
"""


def test_two_names_of_one_layers_toml_that_lies_above_are_two_environments(
    aws: EmbeddedAws,
    machine: Mapping[str, str],
    served: Mapping[str, str],
    schemas: Path,
    tmp_path: Path,
) -> None:
    name = f"t{uuid.uuid4().hex[:10]}"
    project = tmp_path / "my project"
    (project / ".git").mkdir(parents=True)
    write(project / "layers.toml", LAYERS.replace("APP", name))
    write_package(project, "web")

    def environment(kind: str) -> Stack:
        app, here = f"{name}-{kind}", project / "infra" / kind
        here.mkdir(parents=True)
        done = by_hand(here, machine, "--app", app, "synth")
        assert done.returncode == 0, done.stderr
        folder = project / "cdktf.out" / "stacks" / app
        whole = {**machine, **served}
        stack = Stack(aws, app, project, folder, whole, project / ".terraform-home", schemas)
        stack.stay()
        return stack

    dev, prod = environment("dev"), environment("prod")
    quick_builds(dev)
    source = json.loads(dev.configuration.read_text())["resource"]["aws_codebuild_project"]
    prod.use_buildspec(source["build_project"]["source"]["buildspec"])
    for stack in (dev, prod):
        stack.run("init")
        assert stack.apply().builds == 1
    is_there(dev)
    is_there(prod)
    assert {file.name for file in project.glob("*.tfstate")} == {
        f"terraform.{name}-dev.tfstate",
        f"terraform.{name}-prod.tfstate",
    }
    prods = project / "infra" / "prod"
    status = by_hand(prods, machine, "--app", f"{name}-prod", "status", "--json")
    assert f":layer:{name}-prod-web:1" in status.stdout, status.stderr

    dev.destroy()

    is_gone(dev)
    is_there(prod)
    assert prod.plan().exit_code == 0
    prod.destroy()
    is_gone(prod)


@pytest.fixture
def example(
    aws: EmbeddedAws,
    machine: Mapping[str, str],
    served: Mapping[str, str],
    schemas: Path,
    tmp_path: Path,
) -> ModuleRoot:
    """The example of environments, with an embedded AWS and quick builds."""
    copy = tmp_path / "a checkout" / "terraform"
    shutil.copytree(MODULE, copy, ignore=shutil.ignore_patterns(".terraform*"))
    folder, home = copy / "examples" / "environments", tmp_path / "home"
    whole = {**machine, **served}
    root = ModuleRoot(aws, "billing", folder, folder, whole, home, schemas, copy="../..")
    root.variables["region"] = aws.identity.region
    provider: dict[str, Any] = {"s3_use_path_style": True, "skip_credentials_validation": True}
    write(folder / "test_override.tf.json", json.dumps({"provider": {"aws": provider}}))
    root.stay()
    quick_builds(root)
    root.run("init")
    return root


def test_the_example_keeps_dev_and_prod_apart_by_workspaces_and_tfvars(example: ModuleRoot) -> None:
    mark = uuid.uuid4().hex[:6]
    dev, prod = (as_named(example, f"billing-{kind}{mark}") for kind in ("dev", "prod"))
    for kind in ("dev", "prod"):
        example.run("workspace", "new", f"{kind}{mark}")
        assert example.apply(f"-var-file={kind}.tfvars").builds == 1
    is_there(dev)
    is_there(prod)

    example.run("workspace", "select", f"dev{mark}")
    example.destroy("-var-file=dev.tfvars")

    is_gone(dev)
    is_there(prod)
    example.run("workspace", "select", f"prod{mark}")
    assert example.plan("-var-file=prod.tfvars").exit_code == 0
    example.destroy("-var-file=prod.tfvars")
    assert prod.versions() == [1], "prod.tfvars retains them"
