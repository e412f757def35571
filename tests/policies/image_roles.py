"""The role that pushes a layer's image, and what the publisher has more that has it pushed."""

from __future__ import annotations

from typing import Any

from tests.policies.roles import (
    ACCOUNT,
    BUCKET,
    BUILDS,
    CLOSED,
    FUNCTION,
    PROJECT,
    REGION,
    Role,
    ask,
    objects,
)

ECR = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
REPOSITORY, BASE = f"{ECR}/shop/web", f"{ECR}/bases/python"
PUSHES = tuple(
    f"ecr:{action}"
    for action in (
        *("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload"),
        *("GetDownloadUrlForLayer", "InitiateLayerUpload", "PutImage", "UploadLayerPart"),
    )
)
PULLS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def push() -> Role:
    """Return the role that pushes the image of the layer web, on a base in ECR."""
    from modules.layer import policies  # here: the package starts Node
    from modules.layer.pusher import bases

    base: Any = bases(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/bases/python:3", "aws")
    program = objects("web/pusher/f.zip")
    artifacts = objects("web/artifacts/f/layer.zip", "web/built/f/layer.zip")
    streams = (f"{BUILDS}:log-stream:_push/web/1",)
    strange: tuple[str, ...] = tuple(
        f"{BUILDS}:{name}" for name in ("x:_push/web/1", "log-stream:x/web/1")
    )
    strange += (f"{BUILDS}:log-stream:web/1", f"{BUILDS}:_push/web/1")
    closed = tuple(set(CLOSED) - set(artifacts))
    others = objects(
        *("other/artifacts/f/layer.zip", "other/built/f/layer.zip", "web/bundles/f.zip"),
        *("other/pusher/f.zip", "pusher/f.zip"),
        *("web/inputs/f.json", "web/requests/f.json", "other/record.json"),
    )
    elsewhere: tuple[str, ...] = (
        f"{ECR}/shop/other",
        f"{ECR}/rival/web",
        f"{REPOSITORY}2",
        f"{BASE}2",
        f"{ECR}/bases/x",
    )
    elsewhere += tuple(each.replace(":repository/", ":x/") for each in (REPOSITORY, BASE))
    elsewhere += (f"{ECR}/x/python",)
    return Role(
        policies.push(BUCKET, "web", REPOSITORY, BUILDS, base),
        (
            *ask("s3:GetObject", *program),
            *ask("s3:GetObjectVersion", *program, *artifacts),
            *ask("s3:GetBucketAcl", BUCKET),
            *ask("s3:GetBucketLocation", BUCKET),
            *ask("ecr:GetAuthorizationToken", "*"),
            *(one for action in PUSHES for one in ask(action, REPOSITORY)),
            *(one for action in PULLS for one in ask(action, BASE)),
            *ask("logs:CreateLogStream", BUILDS, *streams),
            *ask("logs:PutLogEvents", *streams),
        ),
        (
            *ask("s3:GetObject", *closed, *others, *artifacts),
            *ask("s3:GetObjectVersion", *closed, *others),
            *ask("s3:PutObject", *closed, *others, *artifacts, *program),
            *(one for action in PUSHES for one in ask(action, *elsewhere)),
            *(one for action in set(PUSHES) - set(PULLS) for one in ask(action, BASE)),
            *ask("ecr:BatchDeleteImage", REPOSITORY),
            *ask("ecr:DeleteRepository", REPOSITORY),
            *ask("ecr:SetRepositoryPolicy", REPOSITORY),
            *ask("logs:PutLogEvents", *strange),
            *ask("logs:CreateLogStream", *strange),
        ),
    )


STARTS = tuple(
    f"codebuild:{action}"
    for action in ("BatchGetBuilds", "ListBuildsForProject", "StartBuild", "StopBuild")
)
READS = (*PULLS, "ecr:BatchDeleteImage", "ecr:DescribeImages")
TASKS = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task"
LISTS = tuple(
    f"ecs:{action}"
    for action in (
        *("DescribeTaskDefinition", "ListClusters", "ListTaskDefinitionFamilies"),
        *("ListTaskDefinitions", "ListTasks"),
    )
)


def publisher() -> Role:
    """Return what the publisher of the image web has more, which services have and is pruned."""
    from modules.layer import image_policies, policies  # here: the package starts Node

    project, program = f"{PROJECT}_web", objects("web/pusher/f.zip")
    every = FUNCTION.replace(":api", ":*")
    others: tuple[str, ...] = (f"{ECR}/shop/other", f"{ECR}/rival/web", f"{REPOSITORY}2")
    others += (REPOSITORY.replace(":repository/", ":x/"),)
    projects: tuple[str, ...] = (PROJECT, f"{PROJECT}_other", f"{PROJECT}-2_web", f"{project}2")
    projects += (project.replace(":project/", ":x/"),)
    closed = objects("web/requests/f.json", "web/bundles/f.zip", "web/pusher", "web/x/f.zip")
    return Role(
        policies.document(
            *image_policies.release_images(BUCKET, [project], [REPOSITORY]),
            image_policies.see_images_in_use([every]),
            *image_policies.see_images_of_tasks([f"{TASKS}/shop-*/*"]),
        ),
        (
            *(one for action in STARTS for one in ask(action, project)),
            *ask("s3:GetObject", *program),
            *ask("s3:PutObject", *program),
            *ask("ecr:GetAuthorizationToken", "*"),
            *(one for action in READS for one in ask(action, REPOSITORY)),
            *ask("lambda:GetFunction", FUNCTION, f"{FUNCTION}:7"),
            *(one for action in LISTS for one in ask(action, "*")),
            *ask("ecs:DescribeTasks", f"{TASKS}/shop-chroma/1"),
        ),
        (
            *(one for action in STARTS for one in ask(action, *projects)),
            *ask("s3:GetObject", *CLOSED, *closed),
            *ask("s3:PutObject", *CLOSED, *closed),
            *(one for action in READS for one in ask(action, *others)),
            *(one for action in set(PUSHES) - set(PULLS) for one in ask(action, REPOSITORY)),
            *ask("ecr:DeleteRepository", REPOSITORY),
            *ask("lambda:GetFunction", FUNCTION.replace(":function:", ":x:")),
            *ask("lambda:UpdateFunctionCode", FUNCTION),
            *ask("ecs:DescribeTasks", f"{TASKS}/rival/1", f"{TASKS[:-4]}x/shop-chroma/1"),
            *ask("ecs:StopTask", f"{TASKS}/shop-chroma/1"),
            *ask("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/shop-web-{REGION}-push"),
        ),
        serves_all_layers=True,
    )
