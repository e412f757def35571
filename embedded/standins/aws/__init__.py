"""The stand-in for hashicorp/aws: a few of its types, against an AWS on loopback only."""

from __future__ import annotations

from collections.abc import Mapping

from embedded.standins.aws.connection import Connection, connect
from embedded.standins.aws.resource import AwsResource
from embedded.standins.protocol import Served
from embedded.standins.resource import DataSource


def served() -> Served[Connection]:
    """Return what the provider serves."""
    return Served(resources(), data_sources(), connect)


def resources() -> Mapping[str, AwsResource]:
    """Return what is done for each type of resource."""
    from embedded.standins.aws import (
        codebuild,
        ecr,
        ecs,
        events,
        iam,
        lambda_alias,
        lambda_function,
        lambda_settings,
        logs,
        s3_bucket,
        s3_object,
        s3_rules,
        s3_settings,
        security_group,
        sns,
    )

    return {
        "aws_cloudwatch_event_rule": events.Rule(),
        "aws_cloudwatch_event_target": events.Target(),
        "aws_cloudwatch_log_group": logs.LogGroup(),
        "aws_codebuild_project": codebuild.Project(),
        "aws_ecr_lifecycle_policy": ecr.LifecyclePolicy(),
        "aws_ecr_repository": ecr.Repository(),
        "aws_ecs_cluster": ecs.Cluster(),
        "aws_ecs_task_definition": ecs.TaskDefinition(),
        "aws_iam_role": iam.Role(),
        "aws_iam_role_policy": iam.RolePolicy(),
        "aws_iam_role_policy_attachment": iam.RolePolicyAttachment(),
        "aws_lambda_alias": lambda_alias.Alias(),
        "aws_lambda_function": lambda_function.Function(),
        "aws_lambda_function_event_invoke_config": lambda_settings.EventInvokeConfig(),
        "aws_lambda_permission": lambda_settings.Permission(),
        "aws_s3_bucket": s3_bucket.Bucket(),
        "aws_s3_bucket_lifecycle_configuration": s3_rules.Lifecycle(),
        "aws_s3_bucket_logging": s3_settings.Logging(),
        "aws_s3_bucket_ownership_controls": s3_settings.OwnershipControls(),
        "aws_s3_bucket_policy": s3_settings.Policy(),
        "aws_s3_bucket_public_access_block": s3_settings.PublicAccessBlock(),
        "aws_s3_bucket_server_side_encryption_configuration": s3_settings.Encryption(),
        "aws_s3_bucket_versioning": s3_settings.Versioning(),
        "aws_s3_object": s3_object.Object(),
        "aws_security_group": security_group.SecurityGroup(),
        "aws_sns_topic": sns.Topic(),
        "aws_vpc_security_group_egress_rule": security_group.EgressRule(),
        "aws_vpc_security_group_ingress_rule": security_group.IngressRule(),
    }


def data_sources() -> Mapping[str, DataSource[Connection]]:
    """Return what is done for each type of data source."""
    from embedded.standins.aws import identity, policy_document

    return {
        "aws_caller_identity": identity.CallerIdentity(),
        "aws_iam_policy_document": policy_document.PolicyDocument(),
        "aws_partition": identity.Partition(),
        "aws_region": identity.Region(),
    }
