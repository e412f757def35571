"""A task definition of one container, as a service has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def define_task(
    ecs: Any,
    family: str,
    *,
    image: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    role: str,
    log_group: str,
    stream: str,
    **more: Any,
) -> str:
    """Register it, with a volume at /data; ``more`` are fields of the container. Return its ARN."""
    log_options = {
        "awslogs-group": log_group,
        "awslogs-region": "eu-central-1",
        "awslogs-stream-prefix": stream,
    }
    answer = ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        taskRoleArn=role,
        volumes=[{"name": "data"}],
        containerDefinitions=[
            {
                "name": "service",
                "image": image,
                "command": list(words),
                "environment": [{"name": k, "value": v} for k, v in environment.items()],
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
                "logConfiguration": {"logDriver": "awslogs", "options": log_options},
                **more,
            }
        ],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])
