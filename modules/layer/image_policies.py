"""What releasing layers that are images takes, as pure functions that return statements.

Sources of the facts: the Amazon ECR user guide, "Private repository policy examples"; the service
authorization references of Amazon ECR, Amazon ECS and AWS Lambda (which action knows a resource).
"""

from __future__ import annotations

from builder.protocol.keys import LayerKeys
from modules.layer.policies import Statement, allow


def release_images(
    bucket_arn: str, project_arns: list[str], repository_arns: list[str]
) -> list[Statement]:
    """Let a role have images pushed, by the projects that do, and read and delete them.

    It can push none itself: that is the right of a project's own role, which it cannot pass.
    """
    return [
        allow(
            [
                *("codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject"),
                *("codebuild:StartBuild", "codebuild:StopBuild"),
            ],
            project_arns,
        ),
        allow(["s3:GetObject", "s3:PutObject"], [f"{bucket_arn}/{LayerKeys('*').programs}/*"]),
        # It knows no resource.
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            [
                *("ecr:BatchDeleteImage", "ecr:BatchGetImage"),
                *("ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"),
            ],
            repository_arns,
        ),
    ]


def see_images_in_use(function_arns: list[str]) -> Statement:
    """Let a role see which image functions have; a list of them does not say it."""
    return allow(["lambda:GetFunction"], function_arns)


def see_images_of_tasks(task_arns: list[str]) -> list[Statement]:
    """Let a role see which image tasks of ECS have, and those that could be started.

    All but one know no resource that tasks of Fargate have.
    """
    return [
        allow(
            [
                *("ecs:DescribeTaskDefinition", "ecs:ListClusters"),
                *("ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions", "ecs:ListTasks"),
            ],
            ["*"],
        ),
        allow(["ecs:DescribeTasks"], task_arns),
    ]
