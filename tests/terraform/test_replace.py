"""``-replace`` of what retires a layer, and buckets that are not to be destroyed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import INSTALLED, Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import layer
from tests.terraform.test_functions import create

FORMS = ("stack", "module")

RETIRE = 'terraform_data.build_retire["web"]'


def inside(stack: Stack, address: str) -> str:
    """Return the address that terraform has for what a stack calls so."""
    if not isinstance(stack, ModuleRoot):
        return address
    kind, _, name = address.partition(".")
    owner, _, rest = name.partition("_")
    own = f'layer_{rest}["web"]' if owner == "web" else name
    return f"module.layers.{kind}.{own}"


@pytest.fixture(scope="module")
def applied(make: Make) -> Stack:
    """A stack that was applied; no test here changes what it has."""
    stack = make(layer(), layer("tools"))
    quick_builds(stack)
    stack.apply()
    return stack


@pytest.mark.parametrize("address", [RETIRE, "aws_s3_object.web_approval"])
def test_what_is_replaced_loses_no_version_no_record_and_builds_nothing(
    applied: Stack, address: str
) -> None:
    stack, address = applied, inside(applied, address)
    before = stack.output(), stack.record(), stack.versions(), stack.versions("tools")

    replaced = stack.apply(f"-replace={address}")

    assert "1 destroyed" in replaced.said, replaced.said
    assert replaced.builds == 0
    after = stack.output(), stack.record(), stack.versions(), stack.versions("tools")
    assert after == before
    assert stack.plan().exit_code == 0
    assert stack.versions() == before[2]


def test_who_replaces_the_retirement_reads_that_nothing_was_removed_and_what_does(
    applied: Stack,
) -> None:
    said = applied.apply(f"-replace={inside(applied, RETIRE)}").said
    assert f"keeping {applied.name}-web: only terraform_data...retire is replaced" in said
    assert "force_rebuild=true" in said


def test_a_tainted_retirement_is_made_again_and_retires_the_layer_later(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    stack.run("taint", inside(stack, RETIRE))
    assert stack.apply().builds == 0
    assert stack.versions() == [1]
    stack.destroy()
    assert stack.versions() == []


def test_a_layer_that_gets_another_name_in_lambda_is_still_retired_under_the_old_one(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    rename(stack, f"{stack.name}-other")
    assert "lambda-layer retire web deletes what no function has" in stack.fails("plan").said
    retire_by_hand(stack, f"{stack.name}-other")
    assert stack.versions() == []
    assert stack.apply().builds == 1
    assert (stack.versions(), stack.versions("other")) == ([], [1])
    assert stack.plan().exit_code == 0
    stack.destroy()
    assert stack.versions("other") == []


def test_what_depends_on_a_layer_may_be_created_before_it_is_destroyed(make: Make) -> None:
    """As the deployment of an API Gateway is: all that it depends on becomes like it."""
    stack = make()
    quick_builds(stack)
    with stack.edited() as document:
        mine = document.setdefault("resource", {}).setdefault("terraform_data", {})
        mine["deployment"] = {
            "triggers_replace": arn_of(document),
            "lifecycle": {"create_before_destroy": True},
        }
    stack.apply()
    assert stack.plan().exit_code == 0

    stack.edit()
    assert stack.apply().builds == 1
    assert (stack.versions(), stack.plan().exit_code) == ([1, 2], 0)

    stack.apply(f"-replace={inside(stack, RETIRE)}")
    assert (stack.versions(), stack.plan().exit_code) == ([1, 2], 0)

    create(stack, f"{stack.name}-f", stack.output()["layer_arn"])
    rename(stack, f"{stack.name}-other")
    assert "lambda-layer retire web" in stack.fails("plan").said
    retire_by_hand(stack, f"{stack.name}-other")
    assert stack.apply().builds == 1
    assert (stack.versions(), stack.versions("other")) == ([2], [1])
    assert stack.plan().exit_code == 0

    stack.destroy()
    assert stack.versions("other") == []


def arn_of(document: Mapping[str, Any]) -> str:
    """Return what the layer's ARN is called in a stack, or beside the module."""
    if "module" in document:
        return '${module.layers.arns["web"]}'
    return str(document["output"]["web"]["value"]["layer_arn"])


def retire_by_hand(stack: Stack, layer_name: str) -> None:
    """Run the command that the error advises, beside a layers.toml that says the new name."""
    file = stack.project / "layers.toml"
    file.write_text(
        f'[app]\nname = "{stack.name}"\n[layers.web]\nlayer_name = "{layer_name}"\n'
        'package = "web"\npython = ["3.13"]\narchitecture = "x86_64"\n'
    )
    command = [str(INSTALLED), "--config", str(file), "retire", "web", "--yes"]
    subprocess.run(command, env=stack.environment, check=True, timeout=PATIENCE)


def rename(stack: Stack, layer_name: str) -> None:
    """Give the layer another name in Lambda, as another synthesis would."""
    if isinstance(stack, ModuleRoot):
        stack.respec(layer_name=layer_name)
        return
    stack.respec(layer_name=layer_name)
    with stack.edited() as document:
        hooks = document["data"]["external"]
        hooks["build_plan"]["query"]["web.layer_name"] = layer_name
        hooks["web_release"]["query"]["layer_name"] = layer_name
        document["locals"]["build_retirements"]["web"]["layer_name"] = layer_name


def keep_the_bucket(stack: Stack, *, force_destroy: bool = False) -> None:
    """Say that the bucket is not to be destroyed while something is in it."""
    with stack.edited() as document:
        if isinstance(stack, ModuleRoot):
            document["module"]["layers"]["force_destroy"] = force_destroy
        else:
            document["resource"]["aws_s3_bucket"]["build_bucket"]["force_destroy"] = force_destroy


def with_retained_versions(stack: Stack) -> None:
    stack.variables["retain_versions"] = "true"


def with_a_version_in_use(stack: Stack) -> None:
    create(stack, f"{stack.name}-f", stack.output()["layer_arn"])


@pytest.mark.parametrize("case", [with_retained_versions, with_a_version_in_use])
def test_a_bucket_that_holds_something_stays_with_all_of_it_and_the_versions(
    make: Make, case: Callable[[Stack], None]
) -> None:
    stack = make()
    quick_builds(stack)
    keep_the_bucket(stack)
    stack.apply()
    case(stack)
    stack.apply()
    kept = case is with_retained_versions
    keys = stack.keys()

    failed = stack.destroy(check=False)

    assert failed.exit_code == 1
    assert "BucketNotEmpty" in failed.said, failed.said
    assert stack.versions() == [1]
    if kept:
        assert set(keys) - set(stack.keys()) == {"web/approved"}
    else:
        assert json.loads(stack.read("_retired/web.json"))["versions"] == [1]
    managed = [line for line in stack.run("state", "list").stdout.split() if "data." not in line]
    assert inside(stack, "aws_s3_bucket.build_bucket") in managed

    # What the error's advice in docs/constructs.md says: let go of it, by an apply of its own.
    keep_the_bucket(stack, force_destroy=True)
    stack.apply(f"-target={inside(stack, 'aws_s3_bucket.build_bucket')}")
    stack.destroy()
    assert stack.versions() == [1]
    assert stack.run("state", "list").stdout == ""


def test_the_same_layers_go_on_from_a_bucket_that_stayed(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    keep_the_bucket(stack)
    stack.apply("-var=retain_versions=true")
    stack.destroy(check=False)

    again = stack.apply()

    assert again.builds == 0
    assert stack.versions() == [1]
    assert stack.plan().exit_code == 0
    stack.destroy()
    assert stack.versions() == []


def test_a_bucket_with_nothing_left_in_it_is_destroyed_without_force(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    keep_the_bucket(stack)
    stack.apply()
    stack.destroy()
    assert stack.versions() == []
    assert stack.run("state", "list").stdout == ""
