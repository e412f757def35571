"""The synthesized folder as a module of somebody else's root, which depends on other things."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Planned, Stack
from tests.terraform.packages import write

OTHER = "terraform_data.other"


def root_of(stack: Stack, folder: Path, **module: Any) -> Stack:
    """Return a root that calls a stack's folder as a module, which depends on ``OTHER``.

    Terraform takes ``depends_on`` for a module without providers and backend of its own.
    """
    with stack.edited() as document:
        providers = document.pop("provider")
        document["terraform"].pop("backend")
        names = [*document["output"]]
        for hook in document["data"]["external"].values():
            hook["working_dir"] = str(folder)  # The stand-ins that stay up do not run there.
    aws = {
        key: value
        for key, value in providers["aws"][0].items()
        if key.startswith(("s3_use", "skip_"))
    }
    # A relative path, because Terraform copies what an absolute one names.
    source = os.path.relpath(stack.folder, folder)
    root = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "variable": {
            "s3_use_path_style": {"type": "bool"},
            "skip_aws_checks": {"type": "bool"},
            "other": {"default": "1"},
        },
        "provider": {"aws": aws},
        "resource": {"terraform_data": {"other": {"input": "${var.other}"}}},
        "module": {"layers": {"source": source, "depends_on": [OTHER], **module}},
        "output": {name: {"value": f"${{module.layers.{name}}}"} for name in names},
    }
    write(folder / "main.tf.json", json.dumps(root))
    made = replace(stack, folder=folder, variables={})
    made.run("init")
    return made


@pytest.fixture
def root(make: Make, tmp_path: Path) -> Stack:
    """A root whose module is applied once."""
    stack = make()
    quick_builds(stack)
    root = root_of(stack, tmp_path / "root")
    assert root.apply().builds == 1
    return root


def destroyed(planned: Planned) -> list[str]:
    """Return what a plan would destroy or replace."""
    return [address for address, actions in planned.changes.items() if "delete" in actions]


def test_what_the_module_depends_on_changes_and_no_version_is_deleted(root: Stack) -> None:
    arn = root.output()["layer_arn"]
    assert root.plan().exit_code == 0
    root.variables["other"] = "2"
    planned = root.plan()
    assert OTHER in planned.changes
    assert "module.layers.data.aws_caller_identity.build_account" in planned.deferred
    assert destroyed(planned) == []
    applied = root.apply()
    assert (applied.builds, root.versions()) == (0, [1])
    assert root.output()["layer_arn"] == arn
    assert root.keys("web/record.json")
    assert root.plan().exit_code == 0
    assert root.destroy().exit_code == 0
    assert root.versions() == []


def test_another_region_of_the_provider_moves_everything_at_plan(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    stack.variables["aws_region"] = "eu-west-2"
    planned = stack.plan()
    moved = {"aws_s3_bucket.build_bucket", 'terraform_data.build_retire["web"]'}
    assert moved <= {*destroyed(planned)}
    after = {
        change["address"]: change["change"]["after"]
        for change in planned.document["resource_changes"]
    }
    account = stack.aws.identity.account
    name = f"{stack.name}-layers-{account}-eu-west-2"
    assert after["aws_s3_bucket.build_bucket"]["bucket"] == name
    retire = after['terraform_data.build_retire["web"]']
    assert retire["input"]["region"] == "eu-west-2"
    assert planned.answer()["status"] == "missing"


def test_a_log_group_that_someone_deleted_moves_nothing(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    stack.aws.client("logs").delete_log_group(logGroupName=f"/aws/codebuild/{stack.name}-layers")
    planned = stack.plan()
    assert destroyed(planned) == []
    assert stack.apply().builds == 0
    assert stack.versions() == [1]
    assert stack.plan().exit_code == 0
