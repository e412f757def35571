from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cdktf
import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, Credentials, LambdaLayer, SourceTree
from modules.layer.bindings import AwsProvider, ExternalProvider, LambdaFunction

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize, Synthesized

ACCOUNT = "${local.build_place.account}"
REGION = "${local.build_place.region}"
PARTITION = "${local.build_place.partition}"
PLAN = "local.receipts_plan"
AT_REST = f'contains(["current", "pinned", "invalid"], {PLAN}.status)'


@pytest.fixture
def stack(plain: Synthesized) -> Synthesized:
    return plain


def test_the_plan_hook_is_reported_all_that_it_needs(stack: Synthesized) -> None:
    plan = stack.data("external", "build_plan")
    assert plan["program"] == ["lambda-layer", "hook", "plan"]
    query = dict(plan["query"])
    spec = LayerSpec.from_json(query.pop("receipts.spec"))
    assert (spec.name, spec.package) == ("receipts", "examples/receipts")
    assert query == {
        "receipts.root": "${path.module}/../../..",
        "receipts.layer_name": "shop-receipts",
        "bucket": f"shop-layers-{ACCOUNT}-{REGION}",
        "project": "shop-layers",
        "receipts.build_role": f"arn:{PARTITION}:iam::{ACCOUNT}:role/shop-receipts-{REGION}-build",
        "log_group": "/aws/codebuild/shop-layers",
        "region": REGION,
        "account": ACCOUNT,
        "profile": "",
        "role_arn": "",
        "receipts.force_rebuild": "false",
        "receipts.debug_mode": "false",
        "receipts.sync_mode": "true",
    }


def test_the_plan_hook_depends_on_no_resource_so_that_it_runs_at_plan(stack: Synthesized) -> None:
    plan = stack.data("external", "build_plan")
    assert "depends_on" not in plan
    assert "aws_s3" not in json.dumps(plan)
    assert "aws_iam" not in json.dumps(plan)


def test_the_approval_is_the_token_and_waits_for_all_that_a_build_needs(
    stack: Synthesized,
) -> None:
    approval = stack.resource("aws_s3_object", "receipts_approval")
    assert approval["key"] == "receipts/approved"
    assert approval["content"] == f"${{{PLAN}.token}}"
    assert set(approval["depends_on"]) == {
        "aws_s3_bucket.build_bucket",
        "aws_s3_bucket_public_access_block.build_private",
        "aws_s3_bucket_ownership_controls.build_ownership",
        "aws_s3_bucket_server_side_encryption_configuration.build_encryption",
        "aws_s3_bucket_versioning.build_versioning",
        "aws_s3_bucket_policy.build_policy",
        "aws_cloudwatch_log_group.build_logs",
        "aws_codebuild_project.build_project",
        "aws_iam_role.receipts_role",
        "aws_iam_role_policy.receipts_permissions",
    }


def test_the_approval_waits_for_the_retirement_of_its_own_layer_alone(stack: Synthesized) -> None:
    approval = stack.resource("aws_s3_object", "receipts_approval")

    retirement = 'terraform_data.build_retire["receipts"]'
    assert f"{retirement}.triggers_replace.bucket" in approval["lifecycle"]["replace_triggered_by"]
    assert json.dumps(approval).count("build_retire") == json.dumps(approval).count(
        json.dumps(retirement)[1:-1]
    )


def test_a_changed_tag_is_no_approval(stack: Synthesized) -> None:
    approval = stack.resource("aws_s3_object", "receipts_approval")
    assert approval["override_provider"] == {"default_tags": {"tags": {}}}


def test_the_approval_that_is_really_there_shows_by_its_etag(stack: Synthesized) -> None:
    approval = stack.resource("aws_s3_object", "receipts_approval")
    assert approval["content"] == f"${{{PLAN}.token}}"
    assert approval["etag"] == f"${{md5({PLAN}.token)}}"


def test_an_invalid_layer_is_refused_at_plan_with_the_hooks_words(stack: Synthesized) -> None:
    condition, _ = stack.resource("aws_s3_object", "receipts_approval")["lifecycle"]["precondition"]
    assert condition["condition"] == f'${{({PLAN}.status != "invalid")}}'
    assert condition["error_message"].endswith(f"${{{PLAN}.reason}}")


def test_a_layer_that_cannot_fit_is_refused_at_plan_with_the_hooks_words(
    stack: Synthesized,
) -> None:
    _, condition = stack.resource("aws_s3_object", "receipts_approval")["lifecycle"]["precondition"]
    # An answer of an older builder has no such key.
    assert condition["condition"] == f'${{(try({PLAN}.size_fits, "") != "false")}}'
    assert condition["error_message"].endswith(f'${{try({PLAN}.size_refusal, "")}}')


def test_the_release_waits_for_the_approval_and_for_nothing_else(stack: Synthesized) -> None:
    release = stack.data("external", "receipts_release")
    assert release["program"] == (
        f"${{{AT_REST} ? local.build_no-release : local.build_release-hook}}"
    )
    assert stack.json["locals"]["build_release-hook"] == (
        '${tolist(["lambda-layer", "hook", "release"])}'
    )
    assert release["depends_on"] == ["aws_s3_object.receipts_approval"]


def test_the_release_hook_is_reported_what_was_planned(stack: Synthesized) -> None:
    query = stack.data("external", "receipts_release")["query"]
    added = {
        "plan": '${data.external.build_plan.result["receipts"]}',
        "reason": f"${{{PLAN}.reason}}",
        "watch": "lambda-layer watch receipts",
        "size": f'${{try({PLAN}.size, "")}}',
    }
    planned = stack.data("external", "build_plan")["query"]
    of_layer = {key.removeprefix("receipts."): value for key, value in planned.items()}
    assert query == {**of_layer, **added}


def test_a_current_or_pinned_layer_is_known_at_plan(stack: Synthesized) -> None:
    release = "data.external.receipts_release.result"
    assert stack.json["locals"]["receipts_plan"] == (
        '${jsondecode(data.external.build_plan.result["receipts"])}'
    )
    assert stack.json["locals"]["receipts_answer"] == f"${{{AT_REST} ? tomap({PLAN}) : {release}}}"


def test_the_output_holds_all_there_is_to_know(stack: Synthesized) -> None:
    output = stack.json["output"]["receipts"]
    answer = "local.receipts_answer"
    assert output["value"] == {
        "layer_arn": f"${{{answer}.layer_arn}}",
        "version": f"${{try(tonumber({answer}.version), one([]))}}",
        "fingerprint": f"${{{answer}.fingerprint}}",
        "status": f"${{{answer}.status}}",
        "reason": f'${{contains(["unmoved", "unshared"], {PLAN}.status) '
        f"? {answer}.reason : {PLAN}.reason}}",
        "unzipped_size": f"${{try(tonumber({answer}.unzipped_size), one([]))}}",
        "zipped_size": f"${{try(tonumber({answer}.zipped_size), one([]))}}",
        "packages": f"${{try(tonumber({answer}.packages), one([]))}}",
        "functions": f"${{{answer}.functions}}",
    }
    condition = output["precondition"]["condition"]
    assert f'contains(["current", "building", "pinned"], {answer}.status)' in condition
    # What -refresh-only shows: a release there is, and one that is due but not approved.
    assert f'startswith({answer}.layer_arn, "arn:")' in condition
    assert "Layer receipts" in output["precondition"]["error_message"]
    assert f"${{{answer}.status}}" in output["precondition"]["error_message"]


def test_settings_reach_the_hooks(synthesize: Synthesize) -> None:
    stack = synthesize(
        root="${path.module}/sources",
        program=["python3", "-m", "builder.cli"],
        force_rebuild=True,
        debug_mode="${var.debug}",
        sync_mode="${var.sync}",
        infrastructure={"credentials": Credentials("work", "arn:aws:iam::1:role/deploy")},
    )
    words = ["python3", "-m", "builder.cli", "hook"]
    assert stack.data("external", "build_plan")["program"] == [*words, "plan"]
    release_hook = stack.json["locals"]["build_release-hook"]
    assert release_hook == f"${{tolist({json.dumps([*words, 'release'])})}}"
    settings = {
        "root": "${path.module}/sources",
        "force_rebuild": "true",
        "debug_mode": "${var.debug}",
        "sync_mode": "${var.sync}",
        "profile": "work",
        "role_arn": "arn:aws:iam::1:role/deploy",
    }
    assert settings.items() <= stack.data("external", "receipts_release")["query"].items()


def test_what_looks_like_a_template_in_a_spec_is_only_text(synthesize: Synthesize) -> None:
    spec = LayerSpec("receipts", ("3.12",), "arm64", dependencies=("a",), description="${x} %{y}")
    stack = synthesize(spec=spec)
    text = stack.data("external", "build_plan")["query"]["receipts.spec"]
    assert "$${x} %%{y}" in text


def test_a_layer_is_retired_with_all_that_the_stack_knows_of_it(stack: Synthesized) -> None:
    retirements = stack.json["locals"]["build_retirements"]
    (settings,) = retirements.values()
    assert "To keep them, first run: terraform apply" in settings.pop("on_destroy")
    assert retirements.keys() == {"receipts"}
    assert settings == (
        {
            "layer": "receipts",
            "layer_name": "shop-receipts",
            "bucket": f"shop-layers-{ACCOUNT}-{REGION}",
            "project": "shop-layers",
            "region": REGION,
            "account": ACCOUNT,
            "profile": "",
            "role_arn": "",
            "retain": False,
        }
    )


def test_forcing_or_debugging_leaves_everything_but_the_hooks_alone(
    synthesize: Synthesize, plain: Synthesized
) -> None:
    forced = synthesize(force_rebuild=True, debug_mode=True)
    assert plain.json["resource"] == forced.json["resource"]


def test_versions_can_be_retained(synthesize: Synthesize) -> None:
    stack = synthesize(retain_versions="${var.retain}")
    settings = stack.json["locals"]["build_retirements"]["receipts"]
    assert settings["retain"] == "${var.retain}"
    assert "the published versions stay" in settings["on_destroy"]
    kept = synthesize(retain_versions=True).json["locals"]["build_retirements"]
    assert kept["receipts"]["on_destroy"] == "the published versions stay"


def test_builds_of_a_layer_have_a_role_of_their_own(stack: Synthesized) -> None:
    role = stack.resource("aws_iam_role", "receipts_role")
    assert role["name"] == f"shop-receipts-{REGION}-build"
    policy = json.loads(stack.resource("aws_iam_role_policy", "receipts_permissions")["policy"])
    resources = {resource for each in policy["Statement"] for resource in each["Resource"]}
    bucket = f"arn:{PARTITION}:s3:::shop-layers-{ACCOUNT}-{REGION}"
    assert f"{bucket}/receipts/bundles/*" in resources
    assert f"{bucket}/receipts/built/*" in resources


def test_bundled_sources_are_used_instead_of_the_project(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("")
    stack = synthesize(sources=SourceTree(tmp_path, ("a.py",)))
    assert stack.data("external", "build_plan")["query"]["receipts.root"] == (
        "${path.module}/assets/receipts"
    )


def test_another_owners_function_takes_the_arn() -> None:
    class Shop(cdktf.TerraformStack):
        def __init__(self, scope: Any, id_: str) -> None:
            super().__init__(scope, id_)
            AwsProvider(self, "aws")
            ExternalProvider(self, "external")
            build = BuildInfrastructure(self, "build", app=AppSpec("shop"))
            spec = LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",))
            web = LambdaLayer(self, "web", infrastructure=build, spec=spec)
            LambdaFunction(self, "api", function_name="api", role="r", layers=[web.layer_arn])

    text = cdktf.Testing.synth(Shop(cdktf.Testing.app(), "shop"))
    assert cdktf.Testing.to_have_resource_with_properties(
        text, "aws_lambda_function", {"layers": ["${local.web_answer.layer_arn}"]}
    )
    assert cdktf.Testing.to_have_data_source(text, "external")


@pytest.mark.parametrize("program", ["lambda-layer", ["lambda-layer", 1], []])
def test_a_program_that_is_no_list_of_words_is_refused(
    synthesize: Synthesize, program: Any
) -> None:
    with pytest.raises(SpecError) as caught:
        synthesize(program=program)

    assert "program" in caught.value.where
    assert "['lambda-layer']" in caught.value.expected
