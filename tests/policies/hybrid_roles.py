"""The roles of a hybrid service, with what each needs and what it must not."""

from __future__ import annotations

from typing import Any

from tests.policies.roles import (
    ACCOUNT,
    BUCKET,
    BUILDS,
    OWN_LOG,
    REGION,
    Request,
    Role,
    ask,
    objects,
)

CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/shop-chroma"
TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-chroma-task"
ECS = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}


def _hybrid() -> Any:
    from modules.layer import hybrid_policies  # here: the package starts Node

    return hybrid_policies


def task() -> Role:
    """Return the role of a service's task."""
    state, snapshot = objects("web/state.json", "web/snapshots/1")
    listing = {"s3__prefix": "web/snapshots/1"}
    whole = ("s3:DeleteObject", "s3:AbortMultipartUpload")
    elsewhere = objects("web/service.json", "x", "web/x", "web/x/1", "x/snapshots/1")
    return Role(
        _hybrid().task(BUCKET, "web/"),
        (
            *ask("s3:GetObject", state, snapshot),
            *ask("s3:PutObject", state, snapshot),
            *ask("s3:GetObjectVersion", snapshot),
            *(Request(action, snapshot) for action in whole),
            *ask("s3:ListBucket", BUCKET, **listing),
        ),
        (
            *ask("s3:GetObject", *elsewhere, *objects("x/state.json")),
            *ask("s3:PutObject", *elsewhere, *objects("x/state.json")),
            *ask("s3:GetObjectVersion", *elsewhere, state),
            *(Request(action, other) for action in whole for other in (*elsewhere, state)),
            *ask("s3:ListBucket", BUCKET, s3__prefix="web/"),
        ),
    )


def execution() -> Role:
    """Return the role that starts the task."""
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop-chroma"
    reads = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
    others = (f"{repository}2", repository.replace("repository", "x"))
    stream = f"{OWN_LOG}:log-stream:x"
    writes = ("logs:CreateLogStream", "logs:PutLogEvents")
    return Role(
        _hybrid().execution(repository, OWN_LOG),
        (
            *ask("ecr:GetAuthorizationToken", "*"),
            *(Request(f"ecr:{read}", repository) for read in reads),
            *(Request(write, stream) for write in writes),
        ),
        (
            *(Request(f"ecr:{read}", other) for read in reads for other in others),
            *(Request(write, f"{OWN_LOG}2:log-stream:x") for write in writes),
            *(Request(write, f"{BUILDS}:log-stream:x") for write in writes),
        ),
    )


def client() -> Role:
    """Return what a function may do that asks for the service."""
    state, settings = objects("web/state.json", "web/service.json")
    running = f"{CLUSTER.replace(':cluster/', ':task/')}/1"
    other = f"{CLUSTER.replace(':cluster/shop', ':task/rival')}/1"
    elsewhere = objects("web/snapshots/1", "x", "x/state.json", "x/service.json")
    uses = ("ecs:DescribeTasks", "ecs:StopTask")
    there = {"ecs__cluster": CLUSTER}
    return Role(
        _hybrid().client(
            bucket_arn=BUCKET,
            prefix="web/",
            cluster_arn=CLUSTER,
            definition_arn=TASK,
            role_arns=[TASK_ROLE],
        ),
        (
            *ask("s3:GetObject", state, settings),
            *ask("s3:PutObject", state),
            *ask("s3:ListBucket", BUCKET),
            *ask("ecs:RunTask", f"{TASK}:3", **there),
            *(Request(use, running) for use in uses),
            *ask("iam:PassRole", TASK_ROLE, **ECS),
        ),
        (
            *ask("s3:GetObject", *elsewhere),
            *ask("s3:PutObject", *elsewhere, settings),
            *ask("ecs:RunTask", f"{TASK}2:3", f"{TASK.replace('definition', 'x')}:3", **there),
            *ask("ecs:RunTask", f"{TASK}:3", ecs__cluster=CLUSTER + "2"),
            *(Request(use, other) for use in uses),
            *(Request(use, running.replace(":task", ":x")) for use in uses),
            *ask("iam:PassRole", TASK_ROLE, iam__PassedToService="lambda.amazonaws.com"),
            *ask("iam:PassRole", f"{TASK_ROLE}2", f"{TASK_ROLE}/x", **ECS),
            *ask("iam:PassRole", TASK_ROLE.replace("role", "x"), **ECS),
            *ask("iam:PassRole", TASK_ROLE.replace("iam::", "iam:x:"), **ECS),
        ),
    )
