"""What a hybrid service's task is and what its clients are told, as pure functions.

Sources of the facts: Amazon ECS developer guide, "Fargate task definition differences" (volumes,
capabilities, stop time-out) and "Task definition parameters for Fargate".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from builder.spec.service_spec import ServiceSpec
from modules.layer.naming import literal

CONTAINER = "service"

DATA, SCRATCH = "/data", "/tmp"  # noqa: S108 - where the container has volumes of its own
VOLUMES = {"data": DATA, "scratch": SCRATCH}

LONGEST_STOP = 120
"""Seconds between SIGTERM and SIGKILL: the longest that Fargate gives."""

SUPERVISOR = ("python3", "-m", "hybrid_service.task", "--")
"""The first program of the container; it starts the service's command."""

_ECR = re.compile(r"(\d{12})\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.[a-z.-]+/([a-z0-9./_-]+)[:@].*")


def variables(spec: ServiceSpec, bucket: str) -> dict[str, str]:
    """Return what the supervisor is told (hybrid_service.task.settings)."""
    values = {
        "HYBRID_BUCKET": bucket,
        "HYBRID_PREFIX": spec.prefix,
        # The supervisor wants a folder that it may replace: not the volume itself.
        "HYBRID_DATA": f"{DATA}/{spec.name}",
        "HYBRID_PORT": spec.port,
        "HYBRID_HEALTH": literal(spec.health),
        "HYBRID_INTERVAL": spec.interval,
        "HYBRID_IDLE": spec.idle,
        "HYBRID_LIFETIME": spec.lifetime,
        "HYBRID_START": spec.start,
        "HYBRID_STOP": LONGEST_STOP,
        # The image itself cannot be written to.
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
    }
    return {name: str(value) for name, value in values.items() if value != ""}


def container(
    spec: ServiceSpec, *, image: str, bucket: str, log_group: str, region: str
) -> dict[str, Any]:
    """Return the definition of the task's container."""
    told = variables(spec, bucket)
    return {
        "name": CONTAINER,
        "image": image,
        "essential": True,
        # Not as a command: the image may have an entry point of its own.
        "entryPoint": list(SUPERVISOR),
        "command": [literal(word) for word in spec.command],
        "environment": [{"name": name, "value": told[name]} for name in sorted(told)],
        "portMappings": [{"containerPort": spec.port, "hostPort": spec.port, "protocol": "tcp"}],
        "mountPoints": [
            {"sourceVolume": name, "containerPath": path, "readOnly": False}
            for name, path in VOLUMES.items()
        ],
        "readonlyRootFilesystem": True,
        # An init takes care of processes that the command leaves, and passes SIGTERM on.
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "stopTimeout": LONGEST_STOP,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": "task",
            },
        },
    }


def client_settings(
    spec: ServiceSpec,
    *,
    cluster: str,
    task_definition: str,
    subnets: tuple[str, ...],
    security_group: str,
) -> dict[str, Any]:
    """Return what a client must know to start the task (hybrid_service.settings)."""
    return {
        "cluster": cluster,
        "task_definition": task_definition,
        "container": CONTAINER,
        "subnets": list(subnets),
        "security_groups": [security_group],
        "public_address": spec.public_address,
        "health": literal(spec.health),
        "start": spec.start,
        "starts_an_hour": spec.starts_an_hour,
    }


def repository_of(image: str, partition: str) -> str:
    """Return the ARN of the ECR repository that an image is in, "" for one of another registry."""
    found = _ECR.fullmatch(image)
    if not found:
        return ""
    account, _, region, name = found.groups()
    return f"arn:{partition}:ecr:{region}:{account}:repository/{name}"


def place(bucket: str, spec: ServiceSpec) -> Mapping[str, str]:
    """Return the variable that says to a function where the service is."""
    return {spec.variable: f"s3://{bucket}/{spec.prefix}"}
