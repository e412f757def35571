"""A yard: what a test of ECS tasks needs, made in a line each."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.ecs import images
from tests.fargate import define_task
from tests.patience import wait_until

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
TRUST = "ecs-tasks.amazonaws.com"


class Yard:
    """A cluster, an image and task definitions with names of their own."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.name = f"y-{uuid.uuid4().hex[:10]}"
        self.ecs = aws.client("ecs")
        self.ecs.create_cluster(clusterName=self.name)
        self.image = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{self.name}:1"
        images.make(aws.state / "images", self.image, {"python3": Path(sys.executable)})
        aws.client("logs").create_log_group(logGroupName=f"/{self.name}")

    def role(self, *actions: str, trust: str = TRUST) -> str:
        """Make a role that tasks may have, return its ARN."""
        iam = self.aws.client("iam")
        name = f"r-{uuid.uuid4().hex[:12]}"
        statement = {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])

    def define(
        self,
        words: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        role: str = "",
        **more: Any,
    ) -> str:
        """Register a task definition, return its ARN."""
        return define_task(
            self.ecs,
            self.name,
            words=words,
            environment=environment or {},
            role=role or self.role("sts:GetCallerIdentity"),
            log_group=f"/{self.name}",
            stream="t",
            **{"image": self.image, **more},
        )

    def run(self, definition: str, ecs: Any = None, **more: Any) -> str:
        """Run a task, return its ARN."""
        answer = (ecs or self.ecs).run_task(
            cluster=self.name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            **more,
        )
        return str(answer["tasks"][0]["taskArn"])

    def look(self, task: str) -> dict[str, Any]:
        """Return a task."""
        return dict(self.ecs.describe_tasks(cluster=self.name, tasks=[task])["tasks"][0])

    def ended(self, task: str) -> dict[str, Any]:
        """Return a task when it has stopped."""
        wait_until(lambda: self.look(task)["lastStatus"] == "STOPPED", f"{task} stops")
        return self.look(task)

    def logged(self, task: str, *lines: str) -> None:
        """Wait until this is a task's log; fail with what it is, and with what became of it."""

        def found() -> str:
            task_ = self.look(task)
            ends = [(c.get("exitCode"), c.get("reason")) for c in task_["containers"]]
            return f"{self.log(task)}, {task_['lastStatus']}, {task_.get('stoppedReason')}, {ends}"

        wait_until(lambda: self.log(task) == list(lines), found)

    def log(self, task: str) -> list[str]:
        """Return the lines of a task's log."""
        stream = f"t/service/{task.rpartition('/')[2]}"
        logs = self.aws.client("logs")
        try:
            page = logs.get_log_events(
                logGroupName=f"/{self.name}", logStreamName=stream, startFromHead=True
            )
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in page["events"]]


@pytest.fixture
def yard(aws: EmbeddedAws) -> Yard:
    return Yard(aws)
