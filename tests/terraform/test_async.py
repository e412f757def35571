"""Async mode: apply starts the build and returns; the publisher function does the rest."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, cast

from tests.listing import every
from tests.patience import wait_until
from tests.terraform.builds import Builds, ours, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import PYTHON, layer

if TYPE_CHECKING:
    from mypy_boto3_lambda.literals import RuntimeType

ASYNC = {"sync_mode": False}


def released(stack: Stack, number: int, name: str = "web") -> bool:
    """Whether the record says that a number is released."""
    current = stack.record(name)["current"]
    return bool(current and current["number"] == number)


def handed_over(stack: Stack, number: int, name: str = "web") -> bool:
    """Whether the record says that functions were moved to the release of a number."""
    handover = stack.record(name)["handover"]
    return bool(handover and handover["number"] == number)


def made(make: Make) -> tuple[Stack, Builds]:
    """Return a stack in async mode whose first version is there."""
    stack = make(app=ASYNC)
    builds = quick_builds(stack)
    stack.apply("-var=sync_mode=true")
    return stack, builds


def test_apply_returns_while_the_build_runs_and_the_publisher_finishes(make: Make) -> None:
    stack, builds = made(make)
    first = stack.output()["layer_arn"]
    assert stack.plan().exit_code == 0
    stack.edit()

    with builds.held():
        assert stack.apply().builds == 1
        assert stack.output()["status"] == "building"
        assert stack.output()["layer_arn"] == first
        assert builds.states() == ["SUCCEEDED", "IN_PROGRESS"]

        for _ in range(2):
            planned = stack.plan()
            assert (planned.exit_code, ours(planned)) == (0, []), planned.said
            assert planned.answer()["status"] == "building"
            assert planned.answer()["layer_arn"] == first
        assert stack.versions() == [1]

    wait_until(lambda: released(stack, 2), "the publisher's release")
    assert stack.versions() == [1, 2]
    planned = stack.plan()
    assert (planned.exit_code, planned.changes, ours(planned)) == (2, {}, [])
    assert planned.output()["layer_arn"] == f"{first.rpartition(':')[0]}:2"
    assert planned.output()["status"] == "current"
    stack.apply()
    assert stack.output()["version"] == 2
    assert stack.plan().exit_code == 0


def test_the_first_build_of_a_layer_does_not_fail_the_apply(make: Make) -> None:
    stack = make(app=ASYNC)
    builds = quick_builds(stack)
    with builds.held():
        stack.apply()
        found = stack.output()
        assert (found["status"], found["layer_arn"], found["version"]) == ("building", "", None)
        assert stack.plan().exit_code == 0

    wait_until(lambda: released(stack, 1), "the publisher's release")
    assert stack.plan().output()["layer_arn"].endswith(":1")


def test_a_function_that_needs_the_first_version_is_asked_to_wait(make: Make) -> None:
    stack = make(app=ASYNC, proof=True)
    builds = quick_builds(stack)
    with builds.held():
        failed = stack.apply(check=False)
        assert (failed.exit_code, failed.builds) == (1, 1)
        for said in (failed.said, stack.fails("plan").said):
            assert "Layer web has no version yet: its first build is under way" in said
            assert "'lambda-layer wait web', then plan and apply again" in said

    wait_until(lambda: released(stack, 1), "the publisher's release")
    assert stack.apply().builds == 0
    (attached,) = stack.aws.client("lambda").get_function_configuration(
        FunctionName=f"{stack.name}-proof"
    )["Layers"]
    assert attached["Arn"].endswith("-web:1")


def test_a_stack_whose_consumer_waits_for_the_first_build_can_be_destroyed(make: Make) -> None:
    stack = make(app=ASYNC, proof=True)
    builds = quick_builds(stack)
    with builds.held():
        stack.apply(check=False)
        stack.destroy()
        assert leftovers(stack) == []


def test_a_failed_build_is_shown_by_the_next_plan_and_retried_by_the_next_apply(make: Make) -> None:
    stack, builds = made(make)
    first = stack.output()["layer_arn"]
    stack.edit()
    with builds.failing():
        stack.apply()
        wait_until(lambda: stack.record()["attempt"]["failure"], "the publisher's word")

    for _ in range(2):
        planned = stack.plan()
        assert (planned.exit_code, ours(planned)) == (2, [])
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
        answer = planned.answer()
        assert (answer["status"], answer["layer_arn"]) == ("failed", first)
        assert "web/web/__init__.py changed; build 2 failed (BUILD: " in answer["reason"]

    assert stack.apply().builds == 1
    wait_until(lambda: released(stack, 3), "the release of the retry")
    assert stack.versions() == [1, 2]
    stack.apply()
    assert (stack.output()["status"], stack.output()["version"]) == ("current", 2)
    assert stack.plan().exit_code == 0


def test_destroy_while_a_build_runs_leaves_nothing(make: Make) -> None:
    stack, builds = made(make)
    stack.edit()
    with builds.held():
        stack.apply()
        build = stack.record()["attempt"]["build_id"]
        stack.destroy()
        assert leftovers(stack) == []
    (ended,) = stack.aws.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert ended["buildStatus"] == "STOPPED"
    assert stack.versions() == []


def test_a_sync_apply_joins_the_build_that_an_async_one_left_behind(make: Make) -> None:
    stack, builds = made(make)
    stack.edit()
    with builds.held():
        stack.apply()
        planned = stack.plan("-var=sync_mode=true")
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
        assert planned.answer()["status"] == "building"

    joined = stack.apply("-var=sync_mode=true")
    assert joined.builds == 0
    assert stack.output()["status"] == "current"
    wait_until(lambda: stack.record()["attempt"] is None, "the end of the release")
    assert stack.versions() == [1, 2]
    assert builds.states() == ["SUCCEEDED", "SUCCEEDED"]


def test_a_forced_rebuild_in_async_mode_is_asked_for_once(make: Make) -> None:
    stack, builds = made(make)
    with builds.held():
        assert stack.apply("-var=force_rebuild=true").builds == 1
        planned = stack.plan()
        assert (planned.changes, planned.answer()["status"]) == ({}, "building")

    wait_until(lambda: released(stack, 2), "the release of the rebuild")
    assert stack.versions() == [1, 2]
    assert stack.plan().changes == {}


def test_a_stack_without_a_publisher_refuses_async_mode_in_plain_words(make: Make) -> None:
    refused = make().fails("plan", "-var=sync_mode=false")
    assert "sync_mode = false needs the publisher function" in refused.said
    assert "Add async = true to [app] in layers.toml" in refused.said


def test_layers_are_built_at_the_same_time_and_released_each_for_itself(make: Make) -> None:
    stack = make(layer("api"), layer("web"), app=ASYNC)
    builds = quick_builds(stack)
    with builds.held("web"):
        assert stack.apply().builds == 2
        wait_until(lambda: released(stack, 1, "api"), "the release of api")
        assert stack.record("web")["current"] is None
        answers = stack.plan()
        statuses = [answers.answer(name)["status"] for name in ("api", "web")]
        assert statuses == ["current", "building"]
    wait_until(lambda: released(stack, 1, "web"), "the release of web")


def leftovers(stack: Stack) -> list[str]:
    """Return what is still there of a stack."""
    aws = stack.aws
    buckets = aws.client("s3").list_buckets()["Buckets"]
    found = [bucket["Name"] for bucket in buckets if bucket["Name"] == stack.bucket]
    functions = every(aws.client("lambda"), "list_functions")
    found += [f["FunctionName"] for f in functions if f["FunctionName"].startswith(stack.name)]
    rules = aws.client("events").list_rules(NamePrefix=stack.name)["Rules"]
    found += [rule["Name"] for rule in rules]
    roles = every(aws.client("iam"), "list_roles")
    return found + [role["RoleName"] for role in roles if role["RoleName"].startswith(stack.name)]


def test_the_publishers_rights_are_enough_and_not_more(make: Make) -> None:
    stack = make(layer("web", functions=("contract-api",)), app=ASYNC)
    quick_builds(stack)
    stack.apply("-target=aws_iam_role_policy.build_publisher_permissions")
    role = f"arn:aws:iam::{stack.aws.identity.account}:role/{publisher_of(stack)}"
    function = add_function(stack, "api", role)
    before = len(stack.aws.calls())
    stack.apply()
    wait_until(lambda: handed_over(stack, 1), "the move of the functions")

    made_by_it = [c for c in stack.aws.calls()[before:] if publisher_of(stack) in c.principal]
    # ministack refuses BatchGetBuilds on *, before the agent judges it on the project.
    refused = [call for call in made_by_it if call.status == 403]
    assert {call.operation for call in refused} <= {"BatchGetBuilds"}
    assert {call.operation for call in made_by_it if call.is_write} == {
        "PutObject",
        "PublishLayerVersion",
        "UpdateFunctionConfiguration",
    }
    configuration = stack.aws.client("lambda").get_function_configuration(FunctionName=function)
    assert [attached["Arn"] for attached in configuration["Layers"]] == [
        stack.record()["current"]["layer_arn"]
    ]
    bucket, place = f"arn:aws:s3:::{stack.bucket}", f"eu-central-1:{stack.aws.identity.account}"
    for action, resource in (
        ("codebuild:StartBuild", f"arn:aws:codebuild:{place}:project/{stack.name}-layers"),
        ("s3:PutObject", f"{bucket}/web/approved"),
        ("s3:PutObject", f"{bucket}/web/built/x/layer.zip"),
        ("s3:PutObject", f"{bucket}/web/requests/x.json"),
        ("s3:GetObject", f"{bucket}/web/bundles/x.zip"),
        ("s3:DeleteObject", f"{bucket}/web/record.json"),
        ("lambda:PublishLayerVersion", f"arn:aws:lambda:{place}:layer:other-web"),
        ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:{place}:function:other"),
        ("iam:PassRole", role),
    ):
        verdict = stack.aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
        )
        (result,) = verdict["EvaluationResults"]
        assert result["EvalDecision"] != "allowed", (action, resource)


def publisher_of(stack: Stack) -> str:
    """Return the name of the publisher's role."""
    return f"{stack.name}-layers-publisher-{stack.aws.identity.region}"


def add_function(stack: Stack, name: str, role: str) -> str:
    """Make a function of the application's, beside the stack."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x.py", "y = None")
    stack.aws.client("lambda").create_function(
        FunctionName=f"{stack.name}-{name}",
        Runtime=cast("RuntimeType", f"python{PYTHON}"),
        Architectures=["x86_64"],
        Role=role,
        Handler="x.y",
        Code={"ZipFile": content.getvalue()},
    )
    return f"{stack.name}-{name}"


def test_a_failed_build_is_sent_to_the_topic(make: Make) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:contract"
    stack = make(app={**ASYNC, "notify": topic})
    builds = quick_builds(stack)
    sns, sqs = stack.aws.client("sns"), stack.aws.client("sqs")
    topic = sns.create_topic(Name=stack.name)["TopicArn"]
    queue_arn = f"arn:aws:sqs:eu-central-1:123456789012:{stack.name}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queue = sqs.create_queue(QueueName=stack.name, Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)

    with builds.failing():
        stack.apply()
        found: list[str] = []

        def heard() -> bool:
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
            found.extend(json.loads(m["Body"])["Message"] for m in answer.get("Messages", []))
            return bool(found)

        wait_until(heard, "the message")
    assert "no such package: unobtainium" in found[0]
