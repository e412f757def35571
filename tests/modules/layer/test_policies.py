from __future__ import annotations

import json

from modules.layer import policies

BUCKET = "arn:aws:s3:::shop-layers"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/codebuild/shop-layers"
PROJECT = "arn:aws:codebuild:eu-west-1:123456789012:project/shop-layers"


def actions_on(document: policies.Document) -> dict[str, set[str]]:
    granted: dict[str, set[str]] = {}
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        for resource in statement["Resource"]:
            granted.setdefault(resource, set()).update(statement["Action"])
    return granted


def test_a_build_reads_its_bundles_and_writes_its_artifacts_and_nothing_else() -> None:
    assert actions_on(policies.build(BUCKET, "receipts", LOGS)) == {
        f"{BUCKET}/receipts/bundles/*": {"s3:GetObject", "s3:GetObjectVersion"},
        f"{BUCKET}/receipts/built/*": {"s3:PutObject"},
        f"{BUCKET}/receipts/built/*/parts/*": {"s3:GetObject", "s3:GetObjectVersion"},
        BUCKET: {"s3:GetBucketAcl", "s3:GetBucketLocation"},
        LOGS: {"logs:CreateLogStream"},
        f"{LOGS}:log-stream:receipts/*": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


def test_a_build_reaches_no_other_layer_even_if_its_name_starts_alike() -> None:
    resources = actions_on(policies.build(BUCKET, "web", LOGS))
    assert not [name for name in resources if name.startswith(f"{BUCKET}/web-")]
    assert all("/web/" in name for name in resources if name.startswith(f"{BUCKET}/"))


def test_a_build_cannot_publish_or_touch_functions() -> None:
    assert "lambda:" not in json.dumps(policies.build(BUCKET, "receipts", LOGS))


def test_the_role_of_the_project_can_only_write_its_log() -> None:
    actions = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions_on(policies.write_logs(LOGS)) == {LOGS: actions, f"{LOGS}:*": actions}


def test_codebuild_may_assume_a_role_for_one_project_only() -> None:
    (statement,) = policies.codebuild_trust(PROJECT, "123456789012")["Statement"]
    assert statement["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceArn": PROJECT, "aws:SourceAccount": "123456789012"}
    }


def test_what_does_not_come_over_tls_is_denied_to_everybody() -> None:
    (statement,) = policies.tls_only(BUCKET)["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "s3:*",
    )
    assert statement["Resource"] == [BUCKET, f"{BUCKET}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_lambda_may_assume_the_role_of_a_function_of_the_account() -> None:
    (statement,) = policies.lambda_trust("123456789012")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
