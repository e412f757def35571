"""Each action of a hybrid service is needed: without it a function, a task or a person fails.

All of it runs on the embedded AWS, which enforces IAM. ``make test`` takes a few actions out,
``make policies`` each of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hybrid_service.errors import ServiceError
from hybrid_service.state import RUNNING
from tests.builder.commands.conftest import Project
from tests.builder.conftest import ACCOUNT, REGION, environ
from tests.builder.ledger import Ledger, ledger_of, operator_policy
from tests.hybrid_service.conftest import ask
from tests.patience import wait_until
from tests.policies.flows import arn
from tests.policies.hybrid_roles import execution
from tests.policies.mutations import Document, removed

ORPHAN = "ledger/snapshots/00000000-000001.tar.gz"
LIST = "S3 says that an object is missing only to who may list; the embedded one says it to all"
BY_ITSELF = "the embedded ECS fetches images and writes logs as itself"

TASK = (
    "0: without s3:GetObject",
    "0: without s3:PutObject",
    "1: without s3:GetObject",
    "1: without s3:PutObject",
    "1: without s3:DeleteObject",
    "2: without s3:ListBucket",
)
"""Actions of the task without which the flow ends otherwise."""

CLIENT = (
    "0: without s3:GetObject",
    "1: without s3:PutObject",
    "3: without ecs:RunTask",
    "4: without ecs:DescribeTasks",
    "4: without ecs:StopTask",
)
"""Actions of a function without which it ends otherwise."""

OPERATES = (
    "0: without s3:GetObject",
    "1: without s3:ListBucket",
    "2: without ecs:ListTasks",
    "3: without ecs:DescribeTasks",
    "4: without ecr:DescribeImages",
    "5: without logs:GetLogEvents",
    "6: without ecs:StopTask",
    "7: without s3:DeleteObject",
    "8: without ecs:ListTaskDefinitions",
    "8: without ecs:DescribeTaskDefinition",
    "9: without ecs:DeleteTaskDefinitions",
    "10: without ecr:BatchDeleteImage",
)
"""Actions of who looks after a service, without which a command fails or says less."""

NOT_JUDGED = {
    "task": {
        "1: without s3:GetObjectVersion": "the embedded S3 judges only the object",
        "1: without s3:AbortMultipartUpload": "boto3 gives up an upload in parts that fails",
    },
    "client": {
        "2: without s3:ListBucket": LIST,
        "5: without iam:PassRole": "ECS judges it; the embedded one does not",
    },
    "execution": {
        "0: without ecr:GetAuthorizationToken": BY_ITSELF,
        "1: without ecr:BatchCheckLayerAvailability": BY_ITSELF,
        "1: without ecr:GetDownloadUrlForLayer": BY_ITSELF,
        "1: without ecr:BatchGetImage": BY_ITSELF,
        "2: without logs:CreateLogStream": BY_ITSELF,
        "2: without logs:PutLogEvents": BY_ITSELF,
    },
    "operator": {},
}
"""Actions whose lack is not noticed here, and why they are there."""

ALL = os.environ.get("POLICY_MUTATIONS") == "all"
QUICK_TASK, QUICK_CLIENT = ("1: without s3:DeleteObject",), ("3: without ecs:RunTask",)
QUICK_OPERATES = ("5: without logs:GetLogEvents",)

GOOD = {
    "outcome": "served",
    "found": [1],
    "swept": True,
    "former": "its lease has run out",
}
"""How the flow ends under the whole policies."""


@pytest.fixture
def ledger(project: Project) -> Iterator[Ledger]:
    with ledger_of(project) as found:
        yield found


def task_policy(name: str) -> Document:
    from modules.layer import hybrid_policies  # here: the package starts Node

    document: Document = hybrid_policies.task(f"arn:aws:s3:::{name}-{ACCOUNT}-{REGION}", "ledger/")
    return document


def client_policy(name: str) -> Document:
    from modules.layer import hybrid_policies  # here: the package starts Node

    document: Document = hybrid_policies.client(
        bucket_arn=f"arn:aws:s3:::{name}-{ACCOUNT}-{REGION}",
        prefix="ledger/",
        cluster_arn=arn("ecs", f"cluster/{name}"),
        definition_arn=arn("ecs", f"task-definition/{name}"),
        role_arns=[f"arn:aws:iam::{ACCOUNT}:role/{name}-task"],
    )
    return document


def serve(
    ledger: Ledger, task: Document, client: Document, *, timeout: float = 60
) -> dict[str, Any]:
    """Replace a task that is gone, keep a number, end, find it again, replace a task that runs."""
    seen: dict[str, Any] = {"outcome": "served"}
    ledger.allow_task(task)
    gone = arn("ecs", f"task/{ledger.name}/gone")
    ledger.write(phase=RUNNING, generation=1, task=gone, endpoint="127.0.0.1:9", lease=3600.0)
    ledger.s3.put_object(Bucket=ledger.bucket, Key=ORPHAN, Body=b"torn")
    with pytest.MonkeyPatch.context() as patch:
        environ(patch, ledger.aws.user(client))
        try:
            _call(ledger, timeout, "/1", post=True)
            _end(ledger)
            seen["found"] = _call(ledger, timeout)
            former = _replace(ledger, timeout)
        except (ServiceError, OSError) as error:
            seen["outcome"] = type(error).__name__
            return seen
    keys = ledger.store.keys("snapshots/")
    seen["swept"] = ORPHAN.removeprefix("ledger/") not in keys
    wait_until(lambda: former not in ledger.running(), "the former task has ended")
    (ended,) = ledger.ecs.describe_tasks(cluster=ledger.name, tasks=[former])["tasks"]
    seen["former"] = ended.get("stoppedReason", "")
    return seen


def _replace(ledger: Ledger, timeout: float) -> str:
    """Let the lease of the task that runs have run out, and start the next; return the former."""
    for _ in range(10):
        former = ledger.state()
        ledger.write(lease=-60.0)
        # The task may have renewed it by now; then it is found and not replaced.
        if ledger.start(timeout).generation > former.generation:
            break
    return former.task


def _call(ledger: Ledger, timeout: float, path: str = "/", *, post: bool = False) -> Any:
    endpoint = ledger.start(timeout)
    return ask(f"{endpoint.host}:{endpoint.port}", path, post=post)


def _end(ledger: Ledger) -> None:
    for task in ledger.running():
        ledger.ecs.stop_task(cluster=ledger.name, task=task)
    wait_until(lambda: not ledger.running(), "the task has ended")


def look_after(ledger: Ledger, document: Document) -> dict[str, Any]:
    """Run every command on a service that runs; return how each ended, and what was unseen."""
    ledger.start()
    old = ledger.define()
    ledger.ecs.deregister_task_definition(taskDefinition=old)
    ledger.s3.put_object(Bucket=ledger.bucket, Key=ORPHAN, Body=b"torn")
    run, seen = ledger.project.run, {}
    with pytest.MonkeyPatch.context() as patch:
        environ(patch, ledger.aws.user(document))
        status = run("status", "ledger", "--json")
        seen["status"] = (status.exit_code, len(json.loads(status.stdout)[0]["unseen"]))
        for words in (
            ("logs", "ledger"),
            ("stop", "ledger", "--yes"),
            ("prune", "ledger", "--keep", "1", "--yes"),
        ):
            seen[words[0]] = (run(*words).exit_code, 0)
    return seen


WELL = dict.fromkeys(("status", "logs", "stop", "prune"), (0, 0))


@pytest.mark.slow
def test_a_service_serves_under_its_policies(ledger: Ledger) -> None:
    name = ledger.name

    assert serve(ledger, task_policy(name), client_policy(name), timeout=200) == GOOD


@pytest.mark.slow
def test_who_looks_after_it_needs_what_the_page_says(ledger: Ledger) -> None:
    assert look_after(ledger, operator_policy(ledger.project)) == WELL


def test_every_action_is_tried_or_has_a_reason(project: Project) -> None:
    Ledger(project)
    for role, document, tried in (
        ("task", task_policy("app-ledger"), TASK),
        ("client", client_policy("app-ledger"), CLIENT),
        ("execution", execution().document, ()),
        ("operator", operator_policy(project), OPERATES),
    ):
        assert {m.name for m in removed(document)} == {*tried, *NOT_JUDGED[role]}, role


def without(document: Document, name: str) -> Document:
    return next(mutation.document for mutation in removed(document) if mutation.name == name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "name"),
    [
        *(("task", name) for name in (TASK if ALL else QUICK_TASK)),
        *(("client", name) for name in (CLIENT if ALL else QUICK_CLIENT)),
    ],
)
def test_without_an_action_the_service_ends_otherwise(
    role: str, name: str, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    policies = {"task": task_policy(ledger.name), "client": client_policy(ledger.name)}
    policies[role] = without(policies[role], name)

    seen = serve(ledger, policies["task"], policies["client"])

    with capsys.disabled():
        sys.stdout.write(f"{name:36} {role}: {seen}\n")
    assert seen != GOOD


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATES if ALL else QUICK_OPERATES)
def test_without_an_action_a_command_fails_or_says_less(
    name: str, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = look_after(ledger, without(operator_policy(ledger.project), name))

    with capsys.disabled():
        sys.stdout.write(f"{name:36} operator: {seen}\n")
    assert seen != WELL
