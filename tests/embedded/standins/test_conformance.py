"""Every type of resource at once, through the real terraform."""

import copy
import json
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.aws import resources
from tests.embedded.standins.conftest import Stack

pytestmark = pytest.mark.usefixtures("terraform")


def policy(effect: str, action: str, **more: Any) -> str:
    statement = {"Effect": effect, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def everything(stack: Stack) -> dict[str, Any]:
    """Return one resource of each type, each named ``it``."""
    name = stack.name
    bucket = "${aws_s3_bucket.it.id}"
    function = "${aws_lambda_function.it.function_name}"
    trust = policy("Allow", "sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    found: dict[str, Any] = {
        "aws_s3_bucket": {"bucket": name, "force_destroy": True, "tags": {"a": "1"}},
        "aws_s3_bucket_versioning": {
            "bucket": bucket,
            "versioning_configuration": {"status": "Enabled"},
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
            "bucket": bucket,
            "rule": {
                "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
                "blocked_encryption_types": ["SSE-C"],
            },
        },
        "aws_s3_bucket_public_access_block": {
            "bucket": bucket,
            "block_public_acls": True,
            "block_public_policy": True,
        },
        "aws_s3_bucket_ownership_controls": {
            "bucket": bucket,
            "rule": {"object_ownership": "BucketOwnerEnforced"},
        },
        "aws_s3_bucket_policy": {
            "bucket": bucket,
            "policy": policy(
                "Deny", "s3:PutBucketAcl", Principal="*", Resource="${aws_s3_bucket.it.arn}"
            ),
            # S3 refuses two changes of a bucket at once.
            "depends_on": ["aws_s3_bucket_public_access_block.it"],
        },
        "aws_s3_bucket_lifecycle_configuration": {
            "bucket": bucket,
            "rule": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "x/"},
                    "noncurrent_version_expiration": {"noncurrent_days": 30},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                },
                {
                    "id": "all",
                    "status": "Enabled",
                    "filter": {},
                    "expiration": {"days": 90},
                    "transition": {"days": 30, "storage_class": "GLACIER"},
                },
            ],
        },
        "aws_s3_object": {
            "bucket": bucket,
            "key": "a layer/approved",
            "content": "f#1",
            "content_type": "text/plain",
            "metadata": {"m": "1"},
            "tags": {"t": "1"},
            "depends_on": ["aws_s3_bucket_versioning.it"],
        },
        "aws_iam_role": {
            "name": name,
            "assume_role_policy": trust,
            "description": "for a test",
            "tags": {"a": "1", "b": "2"},
        },
        "aws_iam_role_policy": {
            "name": "own",
            "role": "${aws_iam_role.it.name}",
            "policy": policy("Allow", "s3:GetObject", Resource="*"),
        },
        "aws_iam_role_policy_attachment": {
            "role": "${aws_iam_role.it.name}",
            "policy_arn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        },
        "aws_cloudwatch_log_group": {"name": f"/aws/codebuild/{name}", "retention_in_days": 14},
        "aws_codebuild_project": {
            "name": name,
            "service_role": "${aws_iam_role.it.arn}",
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "ARM_CONTAINER",
                "compute_type": "BUILD_GENERAL1_SMALL",
                "image": "public.ecr.aws/sam/build-python3.12:latest",
                "environment_variable": [{"name": "A", "value": "1"}],
            },
            "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\n"},
            "cache": {"type": "S3", "location": f"{name}/cache"},
            "logs_config": {
                "cloudwatch_logs": {"group_name": "${aws_cloudwatch_log_group.it.name}"}
            },
        },
        "aws_lambda_function": {
            "function_name": name,
            "role": "${aws_iam_role.it.arn}",
            "handler": "main.handler",
            "runtime": "python3.12",
            "filename": stack.zip(),
            "source_code_hash": f'${{filebase64sha256("{stack.folder}/function.zip")}}',
            "environment": {"variables": {"A": "1"}},
        },
        "aws_lambda_permission": {
            "statement_id": "events",
            "action": "lambda:InvokeFunction",
            "function_name": function,
            "principal": "events.amazonaws.com",
            "source_arn": "${aws_cloudwatch_event_rule.it.arn}",
        },
        "aws_lambda_function_event_invoke_config": {
            "function_name": function,
            "maximum_retry_attempts": 0,
            "destination_config": {"on_failure": {"destination": "${aws_sns_topic.it.arn}"}},
        },
        "aws_cloudwatch_event_rule": {
            "name": name,
            "event_pattern": json.dumps({"source": ["aws.codebuild"]}),
            "tags": {"a": "1"},
        },
        "aws_cloudwatch_event_target": {
            "rule": "${aws_cloudwatch_event_rule.it.name}",
            "arn": "${aws_lambda_function.it.arn}",
            "target_id": "publisher",
            "retry_policy": {"maximum_retry_attempts": 3, "maximum_event_age_in_seconds": 3600},
        },
        "aws_sns_topic": {"name": name, "display_name": "builds"},
    }
    return {kind: {"it": resource} for kind, resource in found.items()}


UPDATED: dict[str, dict[str, Any]] = {
    "aws_s3_bucket": {"tags": {"b": "2"}},
    "aws_s3_bucket_versioning": {"versioning_configuration": {"status": "Suspended"}},
    "aws_s3_bucket_public_access_block": {"block_public_acls": False},
    "aws_s3_bucket_lifecycle_configuration": {
        "rule": [{"id": "old", "status": "Disabled", "filter": {}, "expiration": {"days": 1}}]
    },
    "aws_s3_object": {"content": "f#2"},
    "aws_iam_role": {"description": "changed", "tags": {"a": "2"}},
    "aws_iam_role_policy": {"policy": policy("Allow", "s3:PutObject", Resource="*")},
    "aws_cloudwatch_log_group": {"retention_in_days": 30, "tags": {"a": "1"}},
    "aws_codebuild_project": {"build_timeout": 20, "description": "changed"},
    "aws_lambda_function": {"timeout": 30, "environment": {"variables": {"B": "2"}}},
    "aws_lambda_function_event_invoke_config": {"maximum_retry_attempts": 1},
    "aws_cloudwatch_event_rule": {"state": "DISABLED", "tags": {"a": "2"}},
    "aws_cloudwatch_event_target": {"input": '{"a": 1}'},
    "aws_sns_topic": {"display_name": "changed", "tags": {"a": "1"}},
}

REPLACED: dict[str, dict[str, Any]] = {
    "aws_lambda_permission": {"principal": "s3.amazonaws.com"},
    "aws_cloudwatch_log_group": {"name": "/aws/codebuild/other"},
}


def changed(document: dict[str, Any], new: dict[str, dict[str, Any]]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for kind, arguments in new.items():
        document[kind]["it"] |= arguments
    return document


def test_every_served_type_is_in_the_conformance_test(stack: Stack) -> None:
    assert everything(stack).keys() == resources().keys()


def test_everything_is_made_shows_no_changes_and_goes(stack: Stack) -> None:
    stack.write(everything(stack))
    stack.apply()
    assert stack.changes() == {}
    stack.destroy()
    assert stack.terraform.state() == {"format_version": "1.0"}


def test_updates_happen_in_place_and_settle(stack: Stack) -> None:
    document = everything(stack)
    stack.write(document)
    stack.apply()
    stack.write(changed(document, UPDATED))
    assert stack.changes() == {f"{kind}.it": ["update"] for kind in UPDATED}
    stack.run("apply", "plan")
    assert stack.changes() == {}
    stack.write(changed(changed(document, UPDATED), REPLACED))
    assert stack.changes() == {f"{kind}.it": ["delete", "create"] for kind in REPLACED} | {
        "aws_codebuild_project.it": ["update"]
    }
    stack.destroy()


def test_what_was_changed_by_hand_is_planned_back(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(everything(stack))
    stack.apply()
    change_by_hand(stack.name, aws)
    updated = [
        "aws_cloudwatch_event_rule.it",
        "aws_cloudwatch_event_target.it",
        "aws_cloudwatch_log_group.it",
        "aws_codebuild_project.it",
        "aws_iam_role.it",
        "aws_iam_role_policy.it",
        "aws_lambda_function.it",
        "aws_lambda_function_event_invoke_config.it",
        "aws_s3_bucket_lifecycle_configuration.it",
        "aws_s3_bucket_ownership_controls.it",
        "aws_s3_bucket_policy.it",
        "aws_s3_bucket_public_access_block.it",
        "aws_s3_bucket_server_side_encryption_configuration.it",
        "aws_s3_bucket_versioning.it",
        "aws_s3_object.it",
        "aws_sns_topic.it",
    ]
    assert stack.changes() == {
        **{address: ["update"] for address in updated},
        "aws_iam_role_policy_attachment.it": ["create"],
        "aws_lambda_permission.it": ["create"],
    }
    stack.run("apply", "plan")
    assert stack.changes() == {}


def change_by_hand(name: str, aws: EmbeddedAws) -> None:
    iam, events, functions = aws.client("iam"), aws.client("events"), aws.client("lambda")
    open_policy = policy("Allow", "*", Resource="*")
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=open_policy)
    iam.update_assume_role_policy(
        RoleName=name,
        PolicyDocument=policy("Allow", "sts:AssumeRole", Principal={"AWS": "*"}),
    )
    aws.client("logs").put_retention_policy(
        logGroupName=f"/aws/codebuild/{name}", retentionInDays=1
    )
    aws.client("codebuild").update_project(name=name, timeoutInMinutes=5)
    functions.update_function_configuration(FunctionName=name, MemorySize=256)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=2)
    functions.remove_permission(FunctionName=name, StatementId="events")
    events.put_rule(Name=name, EventPattern='{"source": ["aws.s3"]}', State="DISABLED")
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    events.put_targets(Rule=name, Targets=[{**target, "Input": "{}"}])
    (topic,) = (t for t in aws.client("sns").list_topics()["Topics"] if name in t["TopicArn"])
    aws.client("sns").set_topic_attributes(
        TopicArn=topic["TopicArn"], AttributeName="DisplayName", AttributeValue="by hand"
    )
    change_bucket_by_hand(name, aws)


def change_bucket_by_hand(name: str, aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=name, Key="a layer/approved", Body=b"f#1", ContentType="text/html")
    s3.put_bucket_policy(
        Bucket=name,
        Policy=policy("Deny", "s3:*", Principal="*", Resource=f"arn:aws:s3:::{name}/x"),
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
    )
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}},
            ]
        },
    )


def test_what_is_there_already_can_be_imported(stack: Stack, aws: EmbeddedAws) -> None:
    document = everything(stack)
    stack.write(document)
    stack.apply()
    made = stack.terraform.state()["values"]["root_module"]["resources"]
    ids = {found["address"]: found["values"]["id"] for found in made}
    ids["aws_lambda_permission.it"] = f"{stack.name}/events"
    ids["aws_cloudwatch_event_target.it"] = f"{stack.name}/publisher"
    ids["aws_codebuild_project.it"] = stack.name
    (stack.folder / "terraform.tfstate").unlink()
    imports = [{"to": address, "id": found} for address, found in ids.items()]
    stack.write(document, **{"import": imports})
    # What AWS does not tell is all that is left to do.
    assert stack.changes() == {
        "aws_lambda_function.it": ["update"],
        "aws_s3_bucket.it": ["update"],
        "aws_s3_object.it": ["update"],
    }
    stack.run("apply", "plan")
    stack.write(document)
    assert stack.changes() == {}


def test_what_was_deleted_by_hand_is_planned_anew(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(everything(stack))
    stack.apply()
    delete_by_hand(stack.name, aws)
    assert stack.changes() == {f"{kind}.it": ["create"] for kind in everything(stack)}
    # Without a refresh terraform asks for things to be deleted that are not there.
    stack.destroy("-refresh=false")


def delete_by_hand(name: str, aws: EmbeddedAws) -> None:
    s3, iam, events = aws.client("s3"), aws.client("iam"), aws.client("events")
    for version in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)
    aws.client("logs").delete_log_group(logGroupName=f"/aws/codebuild/{name}")
    aws.client("codebuild").delete_project(name=name)
    aws.client("lambda").delete_function(FunctionName=name)
    events.remove_targets(Rule=name, Ids=["publisher"])
    events.delete_rule(Name=name)
    topics = aws.client("sns").list_topics()["Topics"]
    for topic in topics:
        if topic["TopicArn"].endswith(f":{name}"):
            aws.client("sns").delete_topic(TopicArn=topic["TopicArn"])
