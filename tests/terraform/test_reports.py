"""Public reports of what goes wrong with layers in Terraform, replayed; docs/moving.md has them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.builder.aws.test_layers import archive
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack, copy_of
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import PYTHON, layer

FORMS = ("stack", "module")

APPROVAL = "aws_s3_object.web_approval"
FUNCTION = "aws_lambda_function.api"
ALIAS = "aws_lambda_alias.live"
ONE, ORGANIZATION = "111111111111", "o-a1b2c3d4e5"


def with_alias(stack: Stack) -> None:
    """Put beside the layer a function that publishes its versions, and the alias of the newest."""
    code = stack.folder / "api.zip"
    code.write_bytes(archive())
    trust = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust}
    with stack.edited() as document:
        told = document["output"]["web"]["value"]
        arn = '${module.layers.arns["web"]}' if isinstance(stack, ModuleRoot) else told["layer_arn"]
        resources = document.setdefault("resource", {})
        resources.setdefault("aws_iam_role", {})["api"] = {
            "name": f"{stack.name}-api",
            "assume_role_policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        }
        resources.setdefault("aws_lambda_function", {})["api"] = {
            "function_name": f"{stack.name}-api",
            "role": "${aws_iam_role.api.arn}",
            "handler": "x.y",
            "runtime": f"python{PYTHON}",
            "filename": str(code),
            "publish": True,
            "layers": [arn],
        }
        resources["aws_lambda_alias"] = {
            "live": {
                "name": "live",
                "function_name": "${aws_lambda_function.api.function_name}",
                "function_version": "${aws_lambda_function.api.version}",
            }
        }


def live(stack: Stack) -> tuple[str, list[str]]:
    """Return the version that the alias names, and the layers that callers of it get."""
    client, name = stack.aws.client("lambda"), f"{stack.name}-api"
    version = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    found = client.get_function_configuration(FunctionName=name, Qualifier="live")
    return version, [each["Arn"] for each in found["Layers"]]


def test_a_new_version_is_a_new_version_of_the_function_and_its_alias_follows_in_one_apply(
    make: Make,
) -> None:
    """aws 9707, aws 12419: the function took the layer, its version and alias stayed behind."""
    stack = make()
    quick_builds(stack)
    with_alias(stack)
    stack.apply()
    assert live(stack) == ("1", [stack.output()["layer_arn"]])
    assert stack.plan().exit_code == 0

    stack.edit()
    planned = stack.plan()
    assert planned.changes == {APPROVAL: ["update"], FUNCTION: ["update"], ALIAS: ["update"]}
    stack.apply()
    assert stack.output()["version"] == 2
    assert live(stack) == ("2", [stack.output()["layer_arn"]])
    assert stack.plan().exit_code == 0

    # An approval alone, whose release gives no other ARN, makes no version of the function.
    stack.delete("web/record.json")
    stack.apply()
    assert live(stack) == ("2", [stack.output()["layer_arn"]])
    assert stack.plan().exit_code == 0


def test_the_same_sources_and_the_same_zip_make_no_version_however_new_they_look(
    make: Make, tmp_path: Path
) -> None:
    """aws 25647: a version with every run, as the hash that was given is not the one kept."""
    stack = make()
    quick_builds(stack)
    stack.apply()
    before = stack.output()

    for file in stack.project.rglob("*.py"):
        os.utime(file, (1, 1))
    key = f"web/artifacts/{before['fingerprint']}/layer.zip"
    same = stack.aws.client("s3").get_object(Bucket=stack.bucket, Key=key)["Body"].read()
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key=key, Body=same)
    elsewhere = copy_of(stack, tmp_path / "elsewhere")
    for each in (stack, elsewhere, stack):
        planned = each.plan()
        assert (planned.exit_code, planned.changes, planned.writes) == (0, {}, [])
        assert each.apply().builds == 0
    assert (stack.versions(), stack.output()) == ([1], before)


def allowed(stack: Stack, version: int) -> dict[str, Any]:
    """Return the statements of a version's policy by their ids."""
    policy = stack.aws.client("lambda").get_layer_version_policy(
        LayerName=f"{stack.name}-web", VersionNumber=version
    )["Policy"]
    return {each["Sid"]: each for each in json.loads(policy)["Statement"]}


@pytest.fixture(name="given")
def given_fixture(make: Make) -> Stack:
    """A layer that an account and an organization may use, of which there are two versions.

    Somebody gave the first one to everybody, by hand.
    """
    stack = make(layer(share=(ONE, ORGANIZATION)))
    quick_builds(stack)
    stack.apply()
    stack.aws.client("lambda").add_layer_version_permission(
        LayerName=f"{stack.name}-web",
        VersionNumber=1,
        StatementId="public",
        Action="lambda:GetLayerVersion",
        Principal="*",
    )
    stack.edit()
    stack.apply()
    assert stack.versions() == [1, 2]
    return stack


def test_a_new_version_leaves_the_permissions_of_the_old_one(given: Stack) -> None:
    """serverless 8578, aws-cdk 15524: the old version stayed, and nobody else could use it."""
    second = allowed(given, 2)
    assert len(second) == 2
    first = allowed(given, 1)
    assert first.keys() == {*second, "public"}
    for sid, statement in second.items():
        mine = {k: v for k, v in first[sid].items() if k != "Resource"}
        assert mine == {k: v for k, v in statement.items() if k != "Resource"}
    assert given.plan().exit_code == 0

    # Taken away from both, where we gave it; what was given by hand stays.
    given.respec(share=[])
    assert given.apply().builds == 0
    assert allowed(given, 1).keys() == {"public"}
    with pytest.raises(given.aws.client("lambda").exceptions.ResourceNotFoundException):
        allowed(given, 2)
    assert (given.versions(), given.plan().exit_code) == ([1, 2], 0)
