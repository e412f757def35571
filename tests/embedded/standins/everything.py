"""One resource of each type that the stand-in serves, and changes of them."""

import json
from typing import Any

from tests.embedded.standins.conftest import Stack


def policy(effect: str, action: str, **more: Any) -> str:
    statement = {"Effect": effect, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def lifecycle(days: int) -> str:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days"}
    rule = {"rulePriority": 1, "selection": {**selection, "countNumber": days}}
    return json.dumps({"rules": [{**rule, "action": {"type": "expire"}}]})


def service(name: str) -> dict[str, Any]:
    """Return what a hybrid service has and a layer has not."""
    container = {
        "name": "service",
        "image": "${aws_ecr_repository.it.repository_url}:1",
        "command": ["serve"],
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": False}],
        "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
        "readonlyRootFilesystem": True,
    }
    group = "${aws_security_group.it.id}"
    port = {"from_port": 80, "to_port": 80, "ip_protocol": "tcp"}
    return {
        "aws_ecr_repository": {
            "name": name,
            "image_tag_mutability": "IMMUTABLE",
            "image_scanning_configuration": {"scan_on_push": True},
        },
        "aws_ecr_lifecycle_policy": {
            "repository": "${aws_ecr_repository.it.name}",
            "policy": lifecycle(1),
        },
        "aws_ecs_cluster": {"name": name, "tags": {"a": "1"}},
        "aws_ecs_task_definition": {
            "family": name,
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "execution_role_arn": "${aws_iam_role.it.arn}",
            "ephemeral_storage": {"size_in_gib": 30},
            "runtime_platform": {
                "cpu_architecture": "ARM64",
                "operating_system_family": "LINUX",
            },
            "volume": [{"name": "data"}],
            "container_definitions": json.dumps([container]),
        },
        "aws_security_group": {"name": name, "description": "of a test", "tags": {"a": "1"}},
        "aws_vpc_security_group_ingress_rule": {
            "security_group_id": group,
            "cidr_ipv4": "10.0.0.0/8",
            "description": "in",
            **port,
        },
        "aws_vpc_security_group_egress_rule": {
            "security_group_id": group,
            "referenced_security_group_id": group,
            "tags": {"a": "1"},
            **port,
        },
    }


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
        "aws_s3_bucket_logging": {
            "bucket": bucket,
            "target_bucket": bucket,
            "target_prefix": "log/",
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
        "aws_lambda_alias": {
            "name": "live",
            "function_name": function,
            "function_version": "$LATEST",
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
        **service(name),
    }
    return {kind: {"it": resource} for kind, resource in found.items()}


UPDATED: dict[str, dict[str, Any]] = {
    "aws_s3_bucket": {"tags": {"b": "2"}},
    "aws_s3_bucket_versioning": {"versioning_configuration": {"status": "Suspended"}},
    "aws_s3_bucket_public_access_block": {"block_public_acls": False},
    "aws_s3_bucket_logging": {"target_prefix": "logs/"},
    "aws_s3_bucket_lifecycle_configuration": {
        "rule": [{"id": "old", "status": "Disabled", "filter": {}, "expiration": {"days": 1}}]
    },
    "aws_s3_object": {"content": "f#2"},
    "aws_iam_role": {"description": "changed", "tags": {"a": "2"}},
    "aws_iam_role_policy": {"policy": policy("Allow", "s3:PutObject", Resource="*")},
    "aws_cloudwatch_log_group": {"retention_in_days": 30, "tags": {"a": "1"}},
    "aws_codebuild_project": {"build_timeout": 20, "description": "changed"},
    "aws_lambda_function": {"timeout": 30, "environment": {"variables": {"B": "2"}}},
    "aws_lambda_alias": {"description": "changed"},
    "aws_lambda_function_event_invoke_config": {"maximum_retry_attempts": 1},
    "aws_cloudwatch_event_rule": {"state": "DISABLED", "tags": {"a": "2"}},
    "aws_cloudwatch_event_target": {"input": '{"a": 1}'},
    "aws_sns_topic": {"display_name": "changed", "tags": {"a": "1"}},
    "aws_ecr_repository": {
        "image_tag_mutability": "MUTABLE",
        "image_scanning_configuration": {"scan_on_push": False},
        "tags": {"a": "1"},
    },
    "aws_ecr_lifecycle_policy": {"policy": lifecycle(2)},
    "aws_ecs_cluster": {
        "setting": [{"name": "containerInsights", "value": "enabled"}],
        "tags": {"b": "2"},
    },
    "aws_ecs_task_definition": {"tags": {"a": "1"}},
    "aws_security_group": {"tags": {"b": "2"}},
    "aws_vpc_security_group_ingress_rule": {"from_port": 79, "description": "changed"},
    "aws_vpc_security_group_egress_rule": {"description": "out", "tags": {"a": "2"}},
}

REPLACED: dict[str, dict[str, Any]] = {
    "aws_lambda_permission": {"principal": "s3.amazonaws.com"},
    "aws_cloudwatch_log_group": {"name": "/aws/codebuild/other"},
    "aws_ecs_task_definition": {"memory": "1024"},
}
