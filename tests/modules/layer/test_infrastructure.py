from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cdktf
import pytest

from modules.layer.buildspec import buildspec

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize, Synthesized

BUCKET = "${aws_s3_bucket.build_bucket.bucket}"
ACCOUNT = "${local.build_place.account}"
REGION = "${local.build_place.region}"
NAME = f"shop-layers-{ACCOUNT}-{REGION}"


@pytest.fixture
def stack(plain: Synthesized) -> Synthesized:
    return plain


def has(stack: Synthesized, type_: str, properties: dict[str, Any]) -> bool:
    return cdktf.Testing.to_have_resource_with_properties(stack.text, type_, properties)


def test_the_bucket_has_a_name_that_is_known_before_it_exists(stack: Synthesized) -> None:
    assert stack.resource("aws_s3_bucket", "build_bucket")["bucket"] == NAME


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        (
            "aws_s3_bucket_public_access_block",
            {
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        ),
        (
            "aws_s3_bucket_ownership_controls",
            {"rule": {"object_ownership": "BucketOwnerEnforced"}},
        ),
        (
            "aws_s3_bucket_server_side_encryption_configuration",
            {
                "rule": [
                    {
                        "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
                        "blocked_encryption_types": ["SSE-C"],
                        "bucket_key_enabled": False,
                    }
                ]
            },
        ),
        ("aws_s3_bucket_versioning", {"versioning_configuration": {"status": "Enabled"}}),
    ],
)
def test_the_bucket_is_private_encrypted_and_versioned(
    stack: Synthesized, type_: str, properties: dict[str, Any]
) -> None:
    assert has(stack, type_, {"bucket": BUCKET, **properties})


def test_the_bucket_wants_tls(stack: Synthesized) -> None:
    (statement,) = json.loads(stack.resource("aws_s3_bucket_policy", "build_policy")["policy"])[
        "Statement"
    ]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"][0].endswith(f":s3:::{NAME}")


def test_only_what_a_build_reads_expires(synthesize: Synthesize) -> None:
    stack = synthesize(infrastructure={"bundle_days": 7, "noncurrent_days": 3})
    rules = stack.resource("aws_s3_bucket_lifecycle_configuration", "build_lifecycle")["rule"]
    everywhere, *expiring = rules
    assert everywhere["filter"] == [{}]
    assert everywhere["noncurrent_version_expiration"] == [{"noncurrent_days": 3}]
    assert everywhere["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 1}]
    assert "expiration" not in everywhere
    assert {rule["filter"][0]["prefix"]: rule["expiration"] for rule in expiring} == {
        "receipts/bundles/": [{"days": 7}],
    }


def test_the_log_group_forgets_after_a_while(synthesize: Synthesize) -> None:
    stack = synthesize(infrastructure={"log_retention_days": 5})
    assert has(
        stack,
        "aws_cloudwatch_log_group",
        {"name": "/aws/codebuild/shop-layers", "retention_in_days": 5},
    )


def test_the_project_has_no_source_of_its_own_and_writes_to_the_log_group(
    synthesize: Synthesize,
) -> None:
    stack = synthesize(
        infrastructure={"build_timeout_minutes": 9, "compute_type": "BUILD_GENERAL1_LARGE"}
    )
    project = stack.resource("aws_codebuild_project", "build_project")
    assert project["name"] == "shop-layers"
    assert project["build_timeout"] == 9
    assert project["environment"]["compute_type"] == "BUILD_GENERAL1_LARGE"
    assert project["source"]["type"] == "NO_SOURCE"
    assert json.loads(project["source"]["buildspec"]) == buildspec()
    assert project["artifacts"] == {"type": "NO_ARTIFACTS"}
    assert "cache" not in project
    assert project["logs_config"]["cloudwatch_logs"] == {
        "status": "ENABLED",
        "group_name": "/aws/codebuild/shop-layers",
    }


def test_the_projects_own_role_can_do_nothing_but_log(stack: Synthesized) -> None:
    policy = json.loads(stack.resource("aws_iam_role_policy", "build_permissions")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    trust = json.loads(stack.resource("aws_iam_role", "build_role")["assume_role_policy"])
    source = trust["Statement"][0]["Condition"]["StringEquals"]["aws:SourceArn"]
    assert source.endswith(f":codebuild:{REGION}:{ACCOUNT}:project/shop-layers")


def test_a_bucket_that_must_not_be_emptied_can_be_kept(synthesize: Synthesize) -> None:
    stack = synthesize(infrastructure={"force_destroy": False})
    assert stack.resource("aws_s3_bucket", "build_bucket")["force_destroy"] is False


def test_retiring_a_layer_needs_nothing_but_its_own_input(stack: Synthesized) -> None:
    retire = stack.resource("terraform_data", "build_retire")
    (provisioner,) = retire["provisioner"]
    assert provisioner["local-exec"] == {
        "when": "destroy",
        "interpreter": ["lambda-layer"],
        "command": "retire",
        "environment": {"LAMBDA_LAYER_RETIRE": "${jsonencode(self.input)}"},
    }
    assert retire["input"] == "${local.build_retirements[each.key]}"


def test_a_layer_is_retired_before_the_bucket_goes(stack: Synthesized) -> None:
    depends_on = stack.resource("terraform_data", "build_retire")["depends_on"]
    assert "aws_s3_bucket.build_bucket" in depends_on
    assert "aws_s3_object.receipts_approval" not in depends_on


def test_a_layer_that_moves_is_retired_where_it_was(stack: Synthesized) -> None:
    triggers = stack.resource("terraform_data", "build_retire")["triggers_replace"]
    assert triggers == {
        name: f"${{local.build_retirements[each.key].{name}}}"
        for name in ("layer_name", "bucket", "region", "account")
    }
