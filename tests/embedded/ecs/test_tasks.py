from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.embedded.ecs.conftest import Yard
from tests.patience import wait_until


def python(source: str) -> list[str]:
    return ["python3", "-c", textwrap.dedent(source)]


def test_a_task_runs_its_command_and_has_its_exit_code_and_log(yard: Yard) -> None:
    task = yard.run(yard.define(python("print('hello'); raise SystemExit(4)")))
    found = yard.ended(task)
    assert found["containers"][0]["exitCode"] == 4
    assert found["stoppedReason"] == "Essential container exited"
    yard.logged(task, "hello")


def test_a_task_has_the_credentials_of_its_role_and_an_address_of_its_own(yard: Yard) -> None:
    source = """
        import boto3, json, os, urllib.request
        place = os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task"
        with urllib.request.urlopen(place, timeout=60) as answer:
            task = json.load(answer)
        print(task["Containers"][0]["Networks"][0]["IPv4Addresses"][0])
        print(boto3.client("sts").get_caller_identity()["Arn"])
        print(task["TaskARN"])
        """
    definition = yard.define(python(source))
    tasks = [yard.run(definition), yard.run(definition)]
    for task in tasks:
        yard.ended(task)
        wait_until(lambda: len(yard.log(task)) == 3, "the log is there")  # noqa: B023
    (one, arn, own), (other, _, _) = map(yard.log, tasks)
    assert one.startswith("127.")
    assert one != other
    assert ":assumed-role/r-" in arn
    assert own == tasks[0]


def test_overrides_reach_the_command(yard: Yard) -> None:
    task = yard.run(
        yard.define(python("import os; print(os.environ['WHO'])"), {"WHO": "definition"}),
        overrides={
            "containerOverrides": [
                {"name": "service", "environment": [{"name": "WHO", "value": "call"}]}
            ]
        },
    )
    yard.ended(task)
    yard.logged(task, "call")


def test_a_volume_is_a_folder_of_the_task_alone(yard: Yard) -> None:
    source = """
        import os, pathlib
        folder = pathlib.Path(os.environ["PLACE"])
        print(folder.name, len(list(folder.parent.iterdir())))
        folder.mkdir()
        """
    definition = yard.define(python(source), {"PLACE": "/data/inner"})
    for _ in range(2):
        task = yard.run(definition)
        yard.ended(task)
        yard.logged(task, "inner 0")


PATIENT = """
    import signal, sys, time
    def end(*_):
        print("ending", flush=True)
        time.sleep(1)
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    while True:
        time.sleep(0.1)
    """


def test_what_a_killed_task_leaves_behind_goes_with_the_embedded_aws(yard: Yard) -> None:
    source = """
        import os, signal, tempfile
        print(tempfile.mkdtemp(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    task = yard.run(yard.define(python(source)))
    yard.ended(task)
    wait_until(lambda: yard.log(task), "the log is there")
    (left,) = yard.log(task)
    assert yard.aws.state is not None
    assert Path(left).is_relative_to(yard.aws.state)


def test_a_task_that_is_stopped_may_end_in_order_first(yard: Yard) -> None:
    task = yard.run(yard.define(python(PATIENT), stopTimeout=100))
    yard.logged(task, "ready")
    answer = yard.ecs.stop_task(cluster=yard.name, task=task, reason="enough")
    assert answer["task"]["desiredStatus"] == "STOPPED"
    assert yard.ended(task)["containers"][0]["exitCode"] == 0
    yard.logged(task, "ready", "ending")


def test_the_same_client_token_starts_one_task(yard: Yard) -> None:
    definition = yard.define(python("pass"))
    assert yard.run(definition, clientToken="a") == yard.run(definition, clientToken="a")
    assert yard.run(definition, clientToken="a") != yard.run(definition, clientToken="b")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"image": "no-such-image:1"}, "not found"),
        ({"command": ["no-such-program"]}, "no-such-program"),
    ],
)
def test_what_cannot_start_says_why(yard: Yard, more: dict[str, Any], reason: str) -> None:
    found = yard.ended(yard.run(yard.define([], **more)))
    assert reason in found["stoppedReason"]
    assert found["stopCode"] == "TaskFailedToStart"


def test_a_role_that_does_not_trust_tasks_is_refused(yard: Yard) -> None:
    role = yard.role("s3:*", trust="lambda.amazonaws.com")
    found = yard.ended(yard.run(yard.define(python("pass"), role=role)))
    assert "unable to assume the role" in found["stoppedReason"]


def test_who_may_run_one_definition_may_run_no_other(yard: Yard) -> None:
    mine, other = (
        yard.define(python("pass")),
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/x:1",
    )
    statement = {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": mine}
    policy = json.loads(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    ecs = yard.aws.client("ecs", yard.aws.user(policy))
    yard.run(mine, ecs)
    with pytest.raises(ClientError, match="AccessDenied"):
        yard.run(other, ecs)
