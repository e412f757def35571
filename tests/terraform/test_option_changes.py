"""Options that change in an application that is applied: each change is one apply and no build."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from builder.spec.app_options import Vpc
from builder.spec.layer_spec import LayerSpec
from embedded.aws import EmbeddedAws
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import TEMPLATE, Make, Planned, Stack
from tests.terraform.module_root import ModuleRoot, settings_of
from tests.terraform.packages import layer, write
from tests.terraform.test_options import every_option

FORMS = ("stack", "module")

Synthesized = Callable[..., Path]
Describe = Callable[..., None]

APPROVAL = "aws_s3_object.web_approval"


@pytest.fixture(name="applied", scope="module")
def applied_fixture(make: Make) -> Stack:
    """Two layers, applied; whoever changes what is said of them changes it back."""
    stack = make(layer(), layer("tools"))
    quick_builds(stack)
    stack.apply()
    return stack


@pytest.fixture(name="options", scope="module")
def options_fixture(aws: EmbeddedAws) -> Mapping[str, Any]:
    """Settings of an application, whose resources are there."""
    topic = aws.client("sns").create_topic(Name=f"t{uuid.uuid4().hex[:10]}")["TopicArn"]
    return {**every_option(aws), "notify": topic}


@pytest.fixture(name="describe")
def describe_fixture(applied: Stack, synthesized: Synthesized) -> Describe:
    """Return a function that writes the stack anew, as another description makes it."""

    def describe(*specs: LayerSpec, **app: Any) -> None:
        specs = specs or (layer(), layer("tools"))
        if isinstance(applied, ModuleRoot):
            given = {{"async_mode": "async"}.get(name, name): app[name] for name in app}
            layers = {spec.name: settings_of(spec) for spec in specs}
            applied.call(*layers, **{"layers": layers, **given})
            return
        given = {name: Vpc(**app[name]) if name == "vpc" else app[name] for name in app}
        before = json.loads(applied.configuration.read_text())["resource"]
        (project,) = before["aws_codebuild_project"].values()
        source = synthesized(*specs, settings=given)
        write(applied.configuration, source.read_text().replace(TEMPLATE, applied.name))
        for assets in source.parent.glob("assets"):
            shutil.copytree(assets, applied.folder / "assets", dirs_exist_ok=True)
        applied.stay()
        applied.use_buildspec(project["source"]["buildspec"])

    return describe


def differences(planned: Planned) -> dict[str, Any]:
    """Return what of each resource would change: from what, to what."""
    found = {}
    for each in planned.document["resource_changes"]:
        before, after = each["change"]["before"] or {}, each["change"]["after"] or {}
        changed = {k: (v, after.get(k)) for k, v in before.items() if v != after.get(k)}
        if each["change"]["actions"] not in (["no-op"], ["read"]):
            found[each["address"]] = changed
    return found


def settles(stack: Stack, touched: Sequence[str], *, builds: int = 0) -> None:
    """Apply; assert that the plan had told of each of these, that what was done is all of it.

    Nothing that has to stay is replaced or destroyed, and the layers have the versions they had.
    """
    planned = stack.plan()
    assert planned.exit_code == 2
    changes = planned.changes
    for kind in touched:
        assert any(address.startswith(kind) for address in changes), (kind, changes)
    for lasting in ("aws_s3_bucket.", "aws_codebuild_project", "terraform_data", "aws_iam_role."):
        for address, actions in changes.items():
            if address.startswith(lasting) and "publisher" not in address:
                assert "delete" not in actions, changes
    assert stack.apply().builds == builds
    after = stack.plan()
    assert (after.exit_code, differences(after)) == (0, {})
    assert stack.versions("tools") == [1]


def test_options_of_the_application_come_and_go(
    applied: Stack, options: Mapping[str, Any], describe: Describe
) -> None:
    names = (
        *("kms_key", "log_retention_days", "permissions_boundary", "vpc", "access_logs"),
        "signing_key",
    )
    touched = (
        *("aws_cloudwatch_log_group", "aws_codebuild_project", "aws_iam_role.", "aws_iam_role_po"),
        *("aws_s3_bucket_logging", "aws_s3_bucket_server_side_encryption_configuration"),
    )
    describe(**{name: options[name] for name in names})
    settles(applied, touched)
    describe()
    settles(applied, touched)
    assert applied.versions() == [1]


def test_the_publisher_comes_goes_and_changes(
    applied: Stack, options: Mapping[str, Any], describe: Describe
) -> None:
    names = ("kms_key", "log_retention_days", "vpc", "notify", "tracing", "dead_letter")
    describe(async_mode=True)
    settles(applied, ["aws_lambda_function.", "aws_cloudwatch_event_rule"])
    describe(async_mode=True, **{name: options[name] for name in names})
    settles(applied, ["aws_lambda_function.", "aws_lambda_function_event_invoke_config"])
    describe(async_mode=True)
    settles(applied, ["aws_lambda_function.", "aws_lambda_function_event_invoke_config"])
    describe()
    settles(applied, ["aws_lambda_function.", "aws_cloudwatch_event_rule"])
    assert applied.versions() == [1]


def test_what_is_no_content_of_a_layer_changes_without_a_build(
    applied: Stack, describe: Describe
) -> None:
    parameter = f"/layers/{applied.name}/web"
    describe(
        layer(keep=3, share=("210987654321",), parameter=parameter, compute="auto"), layer("tools")
    )
    applied.apply()
    ssm = applied.aws.client("ssm")
    assert ssm.get_parameter(Name=parameter)["Parameter"]["Value"] == applied.output()["layer_arn"]
    assert applied.plan().exit_code == 0
    describe()
    applied.apply()
    assert applied.plan().exit_code == 0
    assert applied.versions() == applied.versions("tools") == [1]


def test_another_architecture_builds_that_layer_alone(applied: Stack, describe: Describe) -> None:
    before = applied.versions()
    describe(layer(architecture="arm64"), layer("tools"))
    settles(applied, [APPROVAL], builds=1)
    assert applied.versions() == [*before, before[-1] + 1]
    describe()
    settles(applied, [APPROVAL])
    assert applied.output()["version"] == before[-1]
