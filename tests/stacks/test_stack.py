from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.spec.app_spec import AppSpec
from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from hcl.variables import variables
from stacks.app import synthesize
from tests.stacks.conftest import APP

if TYPE_CHECKING:
    from tests.stacks.conftest import Stack


def test_each_layer_has_an_output_of_its_name(document: dict[str, Any]) -> None:
    assert set(document["output"]) == {"receipts", "science"}


def test_layers_share_one_project_and_one_bucket(document: dict[str, Any]) -> None:
    resources = document["resource"]
    assert len(resources["aws_codebuild_project"]) == 1
    assert len(resources["aws_s3_bucket"]) == 1
    assert set(resources["aws_s3_object"]) == {"receipts_approval", "science_approval"}


@pytest.mark.parametrize(
    ("name", "type_", "default"),
    [
        ("force_rebuild", "bool", False),
        ("debug_mode", "bool", False),
        ("sync_mode", "bool", True),
        ("retain_versions", "bool", False),
        ("log_retention_days", "number", 30),
        ("app_name", "string", ""),
        ("aws_region", "string", ""),
        ("aws_profile", "string", ""),
        ("assume_role_arn", "string", ""),
        ("s3_use_path_style", "bool", False),
        ("skip_aws_checks", "bool", False),
        ("tags", "map(string)", {}),
    ],
)
def test_a_variable_says_what_it_is_for(
    document: dict[str, Any], name: str, type_: str, default: object
) -> None:
    variable = document["variable"][name]
    assert (variable["type"], variable["default"]) == (type_, default)
    assert variable["description"]


def test_each_variable_is_one_of_the_module_for_hcl_or_its_callers_own(
    document: dict[str, Any],
) -> None:
    called_otherwise = {"app_name", "aws_profile", "aws_region"}
    of_the_callers_provider = {"tags", "s3_use_path_style", "skip_aws_checks"}
    in_the_module = {block.labels[0] for block in variables()}
    assert set(document["variable"]) - in_the_module == called_otherwise | of_the_callers_provider


def test_async_mode_is_refused_in_plain_words_without_a_publisher(document: dict[str, Any]) -> None:
    (validation,) = document["variable"]["sync_mode"]["validation"]
    assert validation["condition"] == "${var.sync_mode}"
    assert "needs the publisher function" in validation["error_message"]
    assert "async = true" in validation["error_message"]


def test_a_stack_in_sync_mode_alone_has_no_function(stack: Stack) -> None:
    resources = stack(proof=False)["resource"]
    assert not {"aws_lambda_function", "aws_cloudwatch_event_rule"} & set(resources)


@pytest.mark.parametrize(
    ("settings", "default"),
    [
        ({"async_mode": True}, True),
        ({"sync_mode": False}, False),
        ({"sync_mode": True, "async_mode": True}, True),
    ],
)
def test_layers_toml_decides_whether_there_is_a_publisher_and_what_the_default_is(
    stack: Stack, settings: dict[str, Any], default: bool
) -> None:
    document = stack(app=AppSpec("shop", **settings))
    assert "build_publisher_function" in document["resource"]["aws_lambda_function"]
    variable = document["variable"]["sync_mode"]
    assert (variable["default"], "validation" in variable) == (default, False)


def test_failed_builds_are_sent_to_the_topic_of_layers_toml(stack: Stack) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:builds"
    document = stack(app=AppSpec("shop", async_mode=True, notify=topic))
    function = document["resource"]["aws_lambda_function"]["build_publisher_function"]
    assert function["environment"]["variables"]["LAMBDA_LAYER_NOTIFY"] == topic


def test_variables_reach_the_hooks(document: dict[str, Any]) -> None:
    query = document["data"]["external"]["receipts_release"]["query"]
    assert query["force_rebuild"] == "${var.force_rebuild}"
    assert query["debug_mode"] == "${var.debug_mode}"
    assert query["sync_mode"] == "${var.sync_mode}"
    assert query["profile"] == "${var.aws_profile}"
    assert query["role_arn"] == "${var.assume_role_arn}"


def test_the_provider_gets_only_what_was_given(document: dict[str, Any]) -> None:
    (provider,) = document["provider"]["aws"]
    assert provider["region"] == "${one(compact([var.aws_region]))}"
    assert provider["profile"] == "${one(compact([var.aws_profile]))}"
    assume = provider["dynamic"]["assume_role"]
    short = "[for arn in compact([var.assume_role_arn]) : { role_arn = arn }]"
    assert assume["for_each"] == f"${{concat({short}, var.assume_role)}}"
    assert assume["content"]["role_arn"] == "${try(assume_role.value.role_arn, null)}"
    assert "external_id" in assume["content"]
    assert provider["default_tags"] == [{"tags": "${var.tags}"}]
    assert "endpoints" not in provider


def test_the_region_of_layers_toml_is_the_default(stack: Stack) -> None:
    document = stack(app=AppSpec("shop", region="eu-west-1"))
    assert document["variable"]["aws_region"]["default"] == "eu-west-1"


def test_state_is_kept_in_the_project_whatever_its_path(document: dict[str, Any]) -> None:
    backend = document["terraform"]["backend"]
    state = "../../../terraform.shop.tfstate"
    assert backend == {"local": {"path": state, "workspace_dir": f"{state}.d"}}


def test_state_can_be_kept_in_s3(stack: Stack) -> None:
    where = {"bucket": "states", "key": "shop.tfstate", "region": "eu-west-1"}
    backend = stack(app=AppSpec("shop", backend=where))["terraform"]["backend"]
    assert backend == {"s3": {**where, "encrypt": True}}


def test_every_argument_of_the_s3_backend_reaches_terraform(stack: Stack) -> None:
    rows = fields_in(Place.BACKEND).values()
    where = {row.name: tomllib.loads(f"v = {row.example}")["v"] for row in rows}
    assert {"use_lockfile", "assume_role", "encrypt", "endpoints"} <= {*where}
    backend = stack(app=AppSpec("shop", backend=where))["terraform"]["backend"]
    assert backend == {"s3": where}


def test_the_terraform_that_is_needed_is_named_beside_the_json(
    stack: Stack, tmp_path: Path
) -> None:
    terraform = stack()["terraform"]

    beside = tmp_path / "cdktf.out" / "stacks" / "shop" / "versions.tf"
    assert beside.read_text() == 'terraform {\n  required_version = ">= 1.4.0"\n}\n'
    # Scanners take what is below "terraform" for blocks.
    assert [value for value in terraform.values() if not isinstance(value, dict)] == []
    assert set(terraform["required_providers"]) == {"aws", "external"}


def test_providers_are_a_range_and_no_pin(document: dict[str, Any]) -> None:
    assert document["terraform"]["required_providers"] == {
        "aws": {"source": "aws", "version": ">= 6.22.0, < 7.0.0"},
        "external": {"source": "external", "version": ">= 2.2.3"},
    }


@pytest.mark.parametrize("name", ["receipts", "bucket", "service", "publisher", "approval"])
def test_a_service_may_have_the_name_of_anything_else(
    stack: Stack, document: dict[str, Any], name: str
) -> None:
    service = ServiceSpec(
        name,
        ("serve", "{port}"),
        image_tag="1",
        vpc="vpc-0123abcd",
        subnets=("subnet-0123abcd",),
    )
    before, after = document, stack(services=(service,))
    assert set(after["output"]) == {*before["output"], f"service_{name}"}
    for kind, resources in before["resource"].items():
        assert resources.items() <= after["resource"][kind].items()
    logs = after["resource"]["aws_cloudwatch_log_group"][f"build_service_{name}_logs"]
    assert logs["retention_in_days"] == "${var.log_retention_days}"


def test_layers_may_be_named_like_what_else_is_in_the_stack(tmp_path: Path) -> None:
    names = ("aws", "backend", "build", "external", "layer", "tags", "web")
    layers = [LayerSpec(name, ("3.13",), "x86_64", dependencies=("six",)) for name in names]
    outdir = tmp_path / "cdktf.out"
    folder = synthesize(APP, layers, proof=False, project=tmp_path, outdir=outdir)
    document = json.loads((folder / "cdk.tf.json").read_text())
    assert set(document["output"]) == set(names)
    approvals = {f"{name}_approval" for name in names} - {"build_approval"}
    assert set(document["resource"]["aws_s3_object"]) == {*approvals, "build_build_approval"}
    roles = set(document["resource"]["aws_iam_role"])
    assert {"build_role", "build_build_role", "aws_role", "web_role"} <= roles
    assert set(document["variable"]) >= {"tags", "aws_region"}
