"""The agent tells EventBridge's targets of builds: a real rule, a real function."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from embedded.codebuild.events import payload, permits, state_change
from tests.patience import wait_until

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

RULE = "arn:aws:events:eu-central-1:123456789012:rule/ours"
FUNCTION = """
import json, boto3
def handler(event, context):
    key = "got/" + context.aws_request_id + ".json"
    boto3.client("s3").put_object(Bucket={bucket!r}, Key=key, Body=json.dumps(event))
"""
QUICK = "version: 0.2\nphases:\n  build:\n    commands: [{command}]\n"


def add_function(workshop: Workshop) -> str:
    """Make a function that puts each event it gets into the bucket; return its name."""
    role = workshop.role(workshop.policy("s3:PutObject"), {"Service": "lambda.amazonaws.com"})
    name = f"f-{workshop.name}"
    workshop.aws.client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="told.handler",
        Code={"ZipFile": workshop.zipped({"told.py": FUNCTION.format(bucket=workshop.name)})},
    )  # fmt: skip
    return name


def add_rule(
    workshop: Workshop, function: str, project: str, *, permit: bool = True, **target: Any
) -> str:
    """Let EventBridge call a function when a build of a project has ended; return the ARN."""
    events = workshop.aws.client("events")
    pattern = {
        "source": ["aws.codebuild"],
        "detail": {"project-name": [project], "build-status": ["SUCCEEDED", "FAILED"]},
    }
    arn = events.put_rule(Name=project, EventPattern=json.dumps(pattern))["RuleArn"]
    place = f"arn:aws:lambda:eu-central-1:123456789012:function:{function}"
    wanted: Any = {"Id": "it", "Arn": place, **target}
    events.put_targets(Rule=project, Targets=[wanted])
    if permit:
        workshop.aws.client("lambda").add_permission(
            FunctionName=function, StatementId=project, Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com", SourceArn=arn,
        )  # fmt: skip
    return arn


def told(workshop: Workshop, count: int = 1) -> list[Any]:
    """Return the events that the function got, once there are so many."""
    wait_until(lambda: len(workshop.keys("got/")) >= count, f"{count} events")
    return [json.loads(workshop.read(key)) for key in workshop.keys("got/")]


@pytest.mark.parametrize(("command", "status"), [("true", "SUCCEEDED"), ("exit 1", "FAILED")])
def test_the_end_of_a_build_reaches_the_function_of_a_rule(
    workshop: Workshop, command: str, status: str
) -> None:
    project = workshop.project(QUICK.format(command=json.dumps(command)))
    add_rule(workshop, add_function(workshop), project)
    variables = [{"name": "LAYER_NAME", "value": "web", "type": "PLAINTEXT"}]

    build_id = workshop.start(project, environmentVariablesOverride=variables)

    (event,) = told(workshop)
    record = workshop.look(build_id)
    assert event["detail-type"] == "CodeBuild Build State Change"
    assert event["resources"] == [record["arn"]]
    detail = event["detail"]
    assert (detail["build-status"], detail["build-id"]) == (status, record["arn"])
    information = detail["additional-information"]
    assert information["build-complete"] is True
    assert variables[0] in information["environment"]["environment-variables"]
    assert information["logs"]["stream-name"] == record["logs"]["streamName"]
    assert information["phases"][-1]["phase-type"] == "COMPLETED"


def test_a_function_without_permission_a_disabled_rule_and_another_project_hear_nothing(
    workshop: Workshop,
) -> None:
    function = add_function(workshop)
    project, other = (workshop.project(QUICK.format(command='"true"')) for _ in range(2))
    add_rule(workshop, function, project, permit=False)
    workshop.wait(workshop.start(project))
    add_rule(workshop, function, other)
    workshop.aws.client("events").disable_rule(Name=other)
    workshop.wait(workshop.start(other))

    # Events are delivered one after the other, so this one is the last.
    workshop.aws.client("events").enable_rule(Name=other)
    last = workshop.start(other)

    (event,) = told(workshop)
    time.sleep(0.5)
    assert len(workshop.keys("got/")) == 1
    assert event["detail"]["build-id"].endswith(last)


def test_a_target_can_receive_something_else_than_the_event(workshop: Workshop) -> None:
    project = workshop.project(QUICK.format(command='"true"'))
    add_rule(workshop, add_function(workshop), project, InputPath="$.detail.build-status")

    workshop.start(project)

    assert told(workshop) == ["SUCCEEDED"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, {"a": {"b": 1}}),
        ({"InputPath": "$"}, {"a": {"b": 1}}),
        ({"InputPath": "$.a.b"}, 1),
        ({"Input": '{"c": 2}'}, {"c": 2}),
    ],
)
def test_what_a_target_gets(target: dict[str, Any], expected: Any) -> None:
    assert payload(target, {"a": {"b": 1}}) == expected


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"AWS:SourceArn": RULE}},
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"Condition": {}}, True),
        ({"Action": ["lambda:*"]}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Action": "lambda:GetFunction"}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": f"{RULE}-other"}}}, False),
    ],
)
def test_whom_a_functions_policy_lets_call(changes: dict[str, Any], allowed: bool) -> None:
    assert permits(statement(**changes), RULE) is allowed


def test_times_are_written_as_the_user_guide_shows_them() -> None:
    build = {
        "arn": "arn:aws:codebuild:us-west-2:123456789012:build/p:1",
        "projectName": "p",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "currentPhase": "SUBMITTED",
        "startTime": 1504282349.0,
    }
    event = state_change(build, "123456789012", "us-west-2")
    information = event["detail"]["additional-information"]
    assert information["build-start-time"] == "Sep 1, 2017 4:12:29 PM"
    assert event["detail"]["build-status"] == "IN_PROGRESS"
