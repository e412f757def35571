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
from builder.spec.split import split
from embedded.aws import EmbeddedAws
from tests.listing import every
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import TEMPLATE, Make, Planned, Stack
from tests.terraform.module_root import ModuleRoot, settings_of
from tests.terraform.packages import layer, write
from tests.terraform.test_functions import create, layers
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
    before = applied.versions()
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
    assert applied.versions() == before


def test_roles_move_to_another_path_with_their_rights(
    applied: Stack, aws: EmbeddedAws, describe: Describe
) -> None:
    before = applied.versions()
    for path in ("/teams/data/", "/"):
        describe(role_path=path)
        assert applied.apply().builds == 0
        assert applied.plan().exit_code == 0
        names = [role["RoleName"] for role in every(aws.client("iam"), "list_roles")]
        own = [name for name in names if name.startswith(f"{applied.name}-")]
        assert own
        for name in own:
            assert aws.client("iam").get_role(RoleName=name)["Role"]["Path"] == path
            assert aws.client("iam").list_role_policies(RoleName=name)["PolicyNames"], name
    assert applied.versions() == before


def test_the_publisher_comes_goes_and_changes(
    applied: Stack, options: Mapping[str, Any], describe: Describe
) -> None:
    before = applied.versions()
    names = ("kms_key", "log_retention_days", "vpc", "notify", "tracing", "dead_letter")
    describe(async_mode=True)
    settles(applied, ["aws_lambda_function.", "aws_cloudwatch_event_rule"])
    describe(async_mode=True, **{name: options[name] for name in names})
    settles(applied, ["aws_lambda_function.", "aws_lambda_function_event_invoke_config"])
    describe(async_mode=True)
    settles(applied, ["aws_lambda_function.", "aws_lambda_function_event_invoke_config"])
    describe()
    settles(applied, ["aws_lambda_function.", "aws_cloudwatch_event_rule"])
    assert applied.versions() == before


def test_what_is_no_content_of_a_layer_changes_without_a_build(
    applied: Stack, describe: Describe
) -> None:
    before = applied.versions()
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
    assert (applied.versions(), applied.versions("tools")) == (before, [1])


def test_another_architecture_builds_that_layer_alone(applied: Stack, describe: Describe) -> None:
    before, current = applied.versions(), applied.output()["version"]
    describe(layer(architecture="arm64"), layer("tools"))
    settles(applied, [APPROVAL], builds=1)
    assert applied.versions() == [*before, before[-1] + 1]
    describe()
    settles(applied, [APPROVAL])
    assert applied.output()["version"] == current


def test_functions_are_named_and_no_longer_named_without_a_build(
    applied: Stack, describe: Describe
) -> None:
    before = applied.versions()
    api = f"{applied.name}-api"
    create(applied, api)
    describe(layer(functions=(api,)), layer("tools"))
    settles(applied, [APPROVAL])
    moved = layers(applied, api)
    assert moved == [applied.output()["layer_arn"]]
    describe()
    assert applied.plan().changes == {}
    assert (layers(applied, api), applied.versions()) == (moved, before)
    applied.aws.client("lambda").delete_function(FunctionName=api)


def is_clean(stack: Stack) -> bool:
    after = stack.plan()
    return (after.exit_code, differences(after)) == (0, {})


def test_another_name_in_lambda_keeps_what_functions_have_and_can_be_taken_back(
    applied: Stack, describe: Describe
) -> None:
    other = f"{applied.name}-other"
    old, held, created = applied.versions(), applied.output(), f"{applied.name}-holds"
    create(applied, created, held["layer_arn"])
    describe(layer(layer_name=other), layer("tools"))
    refused = applied.fails("apply", "-auto-approve")
    assert f"so that the layer is '{applied.name}-web' again" in refused.said
    assert (applied.versions(), applied.versions("tools")) == (old, [1])
    describe()
    assert is_clean(applied)
    assert layers(applied, created) == [held["layer_arn"]]
    applied.aws.client("lambda").delete_function(FunctionName=created)


def test_a_layer_that_is_split_and_merged_again_leaves_the_others_and_what_functions_have(
    applied: Stack, describe: Describe
) -> None:
    whole = layer(python=("3.12", "3.13"))
    describe(whole, layer("tools"))
    applied.apply()
    used, created = applied.output(), f"{applied.name}-uses"
    create(applied, created, used["layer_arn"])
    keys = {"split": "target", "python": whole.python, "architecture": ("x86_64",)}
    parts = [
        layer(name, **{**given, "package": "web"}) for name, given in split("web", keys, "").items()
    ]
    if isinstance(applied, ModuleRoot):
        given = {
            "web": {**settings_of(whole), "split": "target"},
            "tools": settings_of(layer("tools")),
        }
        applied.call(*[part.name for part in parts], "tools", layers=given)
    else:
        describe(*parts, layer("tools"))

    assert applied.apply().builds == 2
    assert is_clean(applied)
    assert [applied.versions(part.name) for part in parts] == [[1], [1]]
    assert applied.versions() == [used["version"]]
    assert applied.versions("tools") == [1]

    describe(whole, layer("tools"))
    applied.apply()
    assert is_clean(applied)
    assert [applied.versions(part.name) for part in parts] == [[], []]
    assert used["version"] in applied.versions()
    assert applied.output()["status"] == "current"
    assert applied.versions("tools") == [1]
    applied.aws.client("lambda").delete_function(FunctionName=created)
    describe()
    applied.apply()
