"""ministack's ECS with processes in the place of Docker's containers.

Besides: StopTask ends a task before it says that it has stopped, RunTask knows its clientToken, and
a task has the credentials of its role (ministack 1.5.33 does none of these). Source: Amazon ECS API
reference, "RunTask", "StopTask"; developer guide, "Amazon ECS task IAM role".
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from embedded import clients
from embedded.calls import INTERNAL
from embedded.clients import Credentials
from embedded.codebuild.role import trusts
from embedded.ecs.containers import Container, Containers, Docker
from embedded.ministack import trust
from embedded.processes import LOOPBACK

log = logging.getLogger(__name__)

SERVICE = "ecs-tasks.amazonaws.com"
TASK_LABEL = "com.amazonaws.ecs.task-arn"
CONTAINER_LABEL = "com.amazonaws.ecs.container-name"
METADATA = "ECS_CONTAINER_METADATA_URI_V4"

STOPPED_BY = "UserInitiated"
"""The ``stopCode`` of a task that StopTask has ended (Amazon ECS API reference, "Task")."""
WHY = "_why_stopped"

Handler = Callable[[Mapping[str, Any]], Any]


class Agent:
    """What ECS does for a container of a task."""

    def __init__(self, ecs: ModuleType, metadata: ModuleType, state: Path) -> None:
        self.ecs = ecs
        self.metadata = metadata
        self.gateway = f"http://{LOOPBACK}:{os.environ['GATEWAY_PORT']}"
        self.region = os.environ["MINISTACK_REGION"]
        own = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        self._own = own
        self.docker = Docker(Containers(state, self.region, self.gateway, self.prepare))

    def prepare(self, container: Container, environment: dict[str, str]) -> Mapping[str, Any]:
        """Give a container its address and its role; return its definition."""
        task = self.ecs._tasks.get(container.labels[TASK_LABEL])
        found = self.ecs._task_defs.get(self.ecs._resolve_td_key(task["taskDefinitionArn"]))
        network = {"NetworkMode": "awsvpc", "IPv4Addresses": [container.address]}
        token = environment.get(METADATA, "").rpartition("/")[2]
        if payload := self.metadata._TOKEN_TO_CONTAINER.get(token):
            payload["Networks"] = [network]
        for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            environment.pop(name, None)
        role = task["overrides"].get("taskRoleArn") or found.get("taskRoleArn")
        if role:
            environment.update(self._assume(role, task["taskArn"]))
        name = container.labels[CONTAINER_LABEL]
        definitions = found["containerDefinitions"]
        definition: Mapping[str, Any] = next(one for one in definitions if one["name"] == name)
        return definition

    def _assume(self, role: str, task: str) -> dict[str, str]:
        iam, sts = (
            clients.client(service, self.gateway, self.region, self._own, user_agent=INTERNAL)
            for service in ("iam", "sts")
        )
        document = iam.get_role(RoleName=role.rpartition("/")[2])["Role"]
        if not trusts(document["AssumeRolePolicyDocument"], SERVICE):
            raise PermissionError(f"ECS was unable to assume the role {role}")
        trust.send(sts, arn=task, account=role.split(":")[4])
        found = sts.assume_role(RoleArn=role, RoleSessionName=task.rpartition("/")[2])
        credentials = found["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }


def correct(ecs: ModuleType, metadata: ModuleType, iam_actions: ModuleType, state: Path) -> None:
    """Let ministack's ECS run processes, and do the three things above."""
    agent = Agent(ecs, metadata, state)
    ecs._get_docker = lambda: agent.docker  # type: ignore[attr-defined] # a module
    ecs._ACTION_MAP["RunTask"] = once(ecs._run_task)
    ecs._ACTION_MAP["StopTask"] = stopping(ecs, agent.docker)
    ecs._mark_task_stopped = marking(ecs._mark_task_stopped)  # type: ignore[attr-defined]
    _judge_by_resource(iam_actions)


def once(run: Handler) -> Handler:
    """Let calls with the same clientToken start the same tasks."""
    answers: dict[str, Any] = {}
    lock = threading.Lock()

    def run_task(data: Mapping[str, Any]) -> Any:
        token = data.get("clientToken")
        if not token:
            return run(data)
        key = f"{data.get('cluster', 'default')} {token}"
        with lock:
            if key not in answers:
                answers[key] = run(data)
            return answers[key]

    return run_task


def marking(mark: Callable[..., bool]) -> Callable[..., bool]:
    """Let a task that was stopped say so, whoever sees the end of its process first."""

    def marked(arn: str, task: dict[str, Any], reason: str, code: str, **more: Any) -> bool:
        if WHY in task:
            reason, code = task[WHY], STOPPED_BY
        return mark(arn, task, reason, code, **more)

    return marked


def stopping(ecs: ModuleType, docker: Docker) -> Handler:
    """Let a task go on until its containers have ended."""
    theirs: Handler = ecs._stop_task

    def stop_task(data: Mapping[str, Any]) -> Any:
        task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data["cluster"]))
        ids = list(task.get("_docker_ids") or ()) if task else []
        if not ids or task["lastStatus"] != "RUNNING":
            return theirs(data)
        answer = ecs.json_response({"task": {**ecs._sanitize(task), "desiredStatus": "STOPPED"}})
        reason = task[WHY] = data.get("reason", "Task stopped by user")

        def end() -> None:
            for container in map(docker.containers.get, ids):
                container.stop()
            # Where the end of the process was seen first, this changes nothing.
            ecs._mark_task_stopped(task["taskArn"], task, reason, STOPPED_BY, exit_code=0)
            ecs._cleanup_task_resources(task, docker)

        ecs.spawn_background(end, thread_name="embedded-ecs-stop")
        return answer

    return stop_task


def _judge_by_resource(iam_actions: ModuleType) -> None:
    """Judge what starts or deletes a task definition by it, and what is about a task by the task.

    Source: service authorization reference, "Actions defined by Amazon Elastic Container Service".
    ministack 1.5.33 judges all of them by the cluster.
    """
    theirs = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Any,
        region: str,
        account: str,
    ) -> Any:
        if service == "ecs":
            found = _resource(iam_actions, headers, body, f"arn:aws:ecs:{region}:{account}")
            if found:
                return found
        return theirs(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # a module


def _resource(
    iam_actions: ModuleType, headers: Mapping[str, str], body: bytes, start: str
) -> str | None:
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if action == "RunTask":
        definition = str(iam_actions._safe_json_field(body, "taskDefinition") or "")
        if definition and not definition.startswith("arn:"):
            return f"{start}:task-definition/{definition}"
        return definition or None
    if action == "StopTask":
        task = str(iam_actions._safe_json_field(body, "task") or "")
        return task if task.startswith("arn:") else None
    if action == "DeleteTaskDefinitions":
        revisions = iam_actions._safe_json_field(body, "taskDefinitions") or [""]
        return revisions[0] if str(revisions[0]).startswith("arn:") else None
    if action == "DescribeTasks":
        tasks = iam_actions._safe_json_field(body, "tasks") or [""]
        return tasks[0] if str(tasks[0]).startswith("arn:") else None
    return None
