"""IAM documents of a hybrid service, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from modules.layer.policies import Document, allow, document

STATE, SETTINGS, SNAPSHOTS = "state.json", "service.json", "snapshots"
"""Keys of hybrid_service.state; a test compares them."""


def task_trust(account: str, region: str, partition: str) -> Document:
    """Let ECS tasks of this account and region alone assume a role.

    Source: Amazon ECS developer guide, "Amazon ECS task IAM role", against the confused deputy.
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:{region}:{account}:*"},
            },
        }
    )


def task(bucket_arn: str, prefix: str) -> Document:
    """Let the supervisor hold its lease and keep snapshots; it can do nothing else."""
    folder = f"{bucket_arn}/{prefix}{SNAPSHOTS}/*"
    listing = allow(["s3:ListBucket"], [bucket_arn])
    listing["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}{SNAPSHOTS}/*"}}
    return document(
        allow(["s3:GetObject", "s3:PutObject"], [f"{bucket_arn}/{prefix}{STATE}"]),
        allow(
            [
                *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
                *("s3:DeleteObject", "s3:AbortMultipartUpload"),
            ],
            [folder],
        ),
        listing,
    )


def execution(repository_arn: str, log_group_arn: str) -> Document:
    """Let ECS fetch the image of the service and write its log.

    ``repository_arn`` is empty for an image that is not in ECR, which needs no rights here.
    GetAuthorizationToken knows no resource (service authorization reference, Amazon ECR).
    """
    write = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"])
    if not repository_arn:
        return document(write)
    return document(
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            [
                *("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"),
                "ecr:BatchGetImage",
            ],
            [repository_arn],
        ),
        write,
    )


def client(
    *,
    bucket_arn: str,
    prefix: str,
    cluster_arn: str,
    definition_arn: str,
    role_arns: Sequence[str],
) -> Document:
    """Let a function find, start and replace the task of a service.

    ``definition_arn`` is the task definition's without a revision. S3 says that an object is
    missing only to those who may list the bucket, and it does not judge that by a prefix: so the
    list of all names of the service's own bucket is allowed.
    """
    run = allow(["ecs:RunTask"], [f"{definition_arn}:*"])
    run["Condition"] = {"ArnEqualsIfExists": {"ecs:cluster": cluster_arn}}
    pass_role = allow(["iam:PassRole"], list(role_arns))
    pass_role["Condition"] = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    tasks = cluster_arn.replace(":cluster/", ":task/") + "/*"
    return document(
        allow(
            ["s3:GetObject"], [f"{bucket_arn}/{prefix}{STATE}", f"{bucket_arn}/{prefix}{SETTINGS}"]
        ),
        allow(["s3:PutObject"], [f"{bucket_arn}/{prefix}{STATE}"]),
        allow(["s3:ListBucket"], [bucket_arn]),
        run,
        allow(["ecs:DescribeTasks", "ecs:StopTask"], [tasks]),
        pass_role,
    )
