"""ECS: the tasks of a cluster, and the revisions of their task definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.errors import AwsError

MOST = 100
"""Tasks of one DescribeTasks (Amazon ECS API reference)."""

MOST_REVISIONS = 10
"""Revisions of one DeleteTaskDefinitions (Amazon ECS API reference)."""

OVER = frozenset({"DEPROVISIONING", "STOPPED", "DELETED"})
"""States of a task whose containers have ended (Amazon ECS developer guide, "Task lifecycle")."""


@dataclass(frozen=True)
class TaskState:
    """What ECS says of a task.

    ``started`` is in ISO 8601 (UTC), "" for one that has not begun; ``reason`` says why it ended.
    ``images`` are those of its containers, as its definition names them and by digest.
    """

    arn: str
    status: str
    started: str = ""
    reason: str = ""
    exit_code: int | None = None
    images: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def is_over(self) -> bool:
        """Whether its containers have ended."""
        return self.status in OVER


class Tasks:
    """The tasks in one cluster. It may not exist: then there are none."""

    def __init__(self, session: Session, cluster: str) -> None:
        self._session = session
        self.cluster = cluster

    @cached_property
    def _ecs(self) -> Any:
        return self._session.client("ecs")

    def running(self) -> list[TaskState]:
        """Return the tasks that run or are to run."""
        with explained("ecs:ListTasks", f"cluster {self.cluster}"):
            pages = self._ecs.get_paginator("list_tasks").paginate(cluster=self.cluster)
            try:
                arns = [arn for page in pages for arn in page["taskArns"]]
            except ClientError as error:
                if code_of(error) == "ClusterNotFoundException":
                    return []
                raise
        return self.states(arns)

    def states(self, arns: Sequence[str]) -> list[TaskState]:
        """Return how tasks are, without those that ECS does not know (any more).

        It forgets a stopped task after an hour (Amazon ECS API reference, DescribeTasks).
        """
        found: list[TaskState] = []
        for start in range(0, len(arns), MOST):
            some = list(arns[start : start + MOST])
            with explained("ecs:DescribeTasks", f"cluster {self.cluster}: {some[0]}"):
                try:
                    answer = self._ecs.describe_tasks(cluster=self.cluster, tasks=some)
                except ClientError as error:
                    if code_of(error) == "ClusterNotFoundException":
                        return found
                    raise
            found += map(_state, answer["tasks"])
        return found

    def stop(self, arn: str, reason: str) -> None:
        """Ask a task to end: SIGTERM, and SIGKILL after the stop time-out of its definition."""
        with explained("ecs:StopTask", arn):
            self._ecs.stop_task(cluster=self.cluster, task=arn, reason=reason[:255])

    def inactive(self, family: str) -> list[str]:
        """Return the revisions of a task definition that were deregistered and are still there."""
        with explained("ecs:ListTaskDefinitions", family):
            pages = self._ecs.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, status="INACTIVE"
            )
            found = [arn for page in pages for arn in page["taskDefinitionArns"]]
        # A prefix: what is called almost so is another's.
        return [arn for arn in found if _family(arn) == family]

    def startable(self, family: str) -> list[str]:
        """Return the images of all revisions of a task definition that tasks can start from."""
        with explained("ecs:ListTaskDefinitions", family):
            pages = self._ecs.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, status="ACTIVE"
            )
            arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
        found: dict[str, None] = {}
        for arn in arns:
            if _family(arn) != family:
                continue
            with explained("ecs:DescribeTaskDefinition", arn):
                answer = self._ecs.describe_task_definition(taskDefinition=arn)
            containers = answer["taskDefinition"]["containerDefinitions"]
            found.update(dict.fromkeys(one["image"] for one in containers))
        return list(found)

    def forget(self, revisions: Sequence[str]) -> None:
        """Delete revisions that were deregistered; raise AwsError for one that ECS keeps.

        Tasks that run with one are not touched (Amazon ECS API reference, DeleteTaskDefinitions).
        """
        for some in _in_batches(revisions):
            with explained("ecs:DeleteTaskDefinitions", some[0]):
                answer = self._ecs.delete_task_definitions(taskDefinitions=some)
            for failure in answer.get("failures", ()):
                raise AwsError(
                    f"ecs:DeleteTaskDefinitions failed: {failure.get('reason')}",
                    where=str(failure.get("arn", some[0])),
                    expected="a revision that was deregistered",
                    fix="run it again; what is deleted stays deleted",
                )


class Clusters:
    """The clusters of an account and region, and what their tasks have: by names that begin alike.

    A cluster and the task definition of a service have one name.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _ecs(self) -> Any:
        return self._session.client("ecs")

    def names(self, prefix: str) -> list[str]:
        """Return the names of clusters."""
        with explained("ecs:ListClusters", f"clusters {prefix}*"):
            pages = self._ecs.get_paginator("list_clusters").paginate()
            names = [arn.rpartition("/")[2] for page in pages for arn in page["clusterArns"]]
        return sorted(name for name in names if name.startswith(prefix))

    def running(self, prefix: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield clusters with the images that tasks run there."""
        for name in self.names(prefix):
            tasks = Tasks(self._session, name).running()
            yield name, [image for task in tasks for image in task.images]

    def startable(self, prefix: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield task definitions with the images that tasks of them would run."""
        with explained("ecs:ListTaskDefinitionFamilies", f"families {prefix}*"):
            pages = self._ecs.get_paginator("list_task_definition_families").paginate(
                familyPrefix=prefix, status="ACTIVE"
            )
            families = [family for page in pages for family in page["families"]]
        for family in sorted(families):
            yield family, Tasks(self._session, family).startable(family)


def _family(revision: str) -> str:
    return revision.rpartition("/")[2].rpartition(":")[0]


def _in_batches(revisions: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(revisions), MOST_REVISIONS):
        yield list(revisions[start : start + MOST_REVISIONS])


def _state(answer: dict[str, Any]) -> TaskState:
    containers = answer.get("containers", ())
    codes = [one["exitCode"] for one in containers if "exitCode" in one]
    reasons = [answer.get("stoppedReason", ""), *(one.get("reason", "") for one in containers)]
    started = answer.get("startedAt")
    return TaskState(
        arn=answer["taskArn"],
        status=answer.get("lastStatus", ""),
        started=started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if started else "",
        reason="; ".join(reason for reason in reasons if reason),
        exit_code=codes[0] if codes else None,
        images=tuple(
            name
            for one in containers
            for name in (one.get("image", ""), one.get("imageDigest", ""))
            if name
        ),
    )
