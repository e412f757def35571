import uuid
from collections.abc import Callable
from typing import Any, cast

import pytest

from builder.aws.session import Credentials, Session
from builder.aws.tasks import Clusters, Tasks
from builder.errors import AwsError
from embedded.aws import EmbeddedAws
from tests.builder.conftest import REGION, environ


class Ecs:
    """An ECS that answers one call as a test says."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        vars(self).update(answers)


class Fake:
    def __init__(self, ecs: Ecs) -> None:
        self.ecs = ecs

    def client(self, _service: str) -> Any:
        return self.ecs


def tasks(**answers: Callable[..., Any]) -> Tasks:
    return Tasks(cast("Any", Fake(Ecs(**answers))), "c")


def test_a_cluster_that_is_not_there_has_no_tasks(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    found = Tasks(Session(Credentials(), REGION), f"c{uuid.uuid4().hex[:8]}")

    assert found.running() == []
    assert found.states(["arn:aws:ecs:eu-central-1:123456789012:task/c/1"]) == []


def test_only_revisions_of_that_very_name_are_found(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    ecs, name = aws.client("ecs"), f"f{uuid.uuid4().hex[:8]}"
    arns = [
        ecs.register_task_definition(
            family=family, containerDefinitions=[{"name": "c", "image": "i"}]
        )["taskDefinition"]["taskDefinitionArn"]
        for family in (name, name, f"{name}-2")
    ]
    for arn in (arns[0], arns[2]):
        ecs.deregister_task_definition(taskDefinition=arn)
    found = Tasks(Session(Credentials(), REGION), "c")

    assert found.inactive(name) == [arns[0]]
    found.forget([arns[0]])
    assert found.inactive(name) == []


def test_images_that_tasks_can_start_from_are_those_of_active_revisions(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    ecs, name = aws.client("ecs"), f"f{uuid.uuid4().hex[:8]}"
    for family, tag in ((name, "1"), (name, "2"), (name, "3"), (f"{name}-2", "4")):
        ecs.register_task_definition(
            family=family, containerDefinitions=[{"name": "c", "image": f"r:{tag}"}]
        )
    ecs.deregister_task_definition(taskDefinition=f"{name}:1")

    assert sorted(Tasks(Session(Credentials(), REGION), "c").startable(name)) == ["r:2", "r:3"]


def test_the_images_of_a_task_are_known_by_name_and_digest() -> None:
    container = {"image": "r:1", "imageDigest": "sha256:ab"}
    task = {"taskArn": "t", "lastStatus": "RUNNING", "containers": [container, {}]}

    (found,) = tasks(describe_tasks=lambda **_: {"tasks": [task]}).states(["t"])
    assert found.images == ("r:1", "sha256:ab")


def test_many_tasks_and_revisions_are_asked_for_in_as_many_calls_as_it_takes() -> None:
    sizes: list[int] = []

    def describe(cluster: str, tasks: list[str]) -> Any:
        assert cluster == "c"
        sizes.append(len(tasks))
        return {"tasks": [{"taskArn": arn, "lastStatus": "RUNNING"} for arn in tasks]}

    def delete(**asked: list[str]) -> Any:
        sizes.append(len(asked["taskDefinitions"]))
        return {"failures": []}

    found = tasks(describe_tasks=describe, delete_task_definitions=delete)
    assert len(found.states([f"t/{i}" for i in range(205)])) == 205
    found.forget([f"r{i}" for i in range(21)])
    assert sizes == [100, 100, 5, 10, 10, 1]


def test_a_revision_that_stays_is_an_error() -> None:
    failure = {"arn": "r1", "reason": "it is active"}
    found = tasks(delete_task_definitions=lambda **_: {"failures": [failure]})

    with pytest.raises(AwsError, match="it is active"):
        found.forget(["r1"])


def test_a_task_says_why_it_ended() -> None:
    answer = {
        "taskArn": "t/1",
        "lastStatus": "STOPPED",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"exitCode": 137, "reason": "OutOfMemoryError"}, {}],
    }
    (found,) = tasks(describe_tasks=lambda **_: {"tasks": [answer]}).states(["t/1"])

    assert (found.id, found.exit_code, found.is_over, found.started) == ("1", 137, True, "")
    assert found.reason == "Essential container in task exited; OutOfMemoryError"


def test_images_are_found_by_the_beginning_of_a_name(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    ecs, app = aws.client("ecs"), f"f{uuid.uuid4().hex[:8]}"
    for family in (f"{app}-chroma", f"{app}-chroma-2", app):
        ecs.register_task_definition(
            family=family, containerDefinitions=[{"name": "c", "image": f"i/{family}"}]
        )
        ecs.create_cluster(clusterName=family)
    found = Clusters(Session(Credentials(), REGION))

    names = [f"{app}-chroma", f"{app}-chroma-2"]
    assert list(found.startable(f"{app}-")) == [(name, [f"i/{name}"]) for name in names]
    assert list(found.running(f"{app}-")) == [(name, []) for name in names]
    for name in (*names, app):
        ecs.delete_cluster(cluster=name)
