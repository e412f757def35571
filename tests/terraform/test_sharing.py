"""share and parameter, through terraform: the publisher's rights, a change alone, the end."""

from __future__ import annotations

import json

from tests.patience import wait_until
from tests.terraform.builds import ours, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer
from tests.terraform.test_async import ASYNC, publisher_of

ONE, TWO = "111111111111", "222222222222"
SHARED = layer("web", share=(ONE,), parameter="/layers/contract/web")


def shared(stack: Stack, version: int) -> set[str]:
    answer = stack.aws.client("lambda").get_layer_version_policy(
        LayerName=f"{stack.name}-web", VersionNumber=version
    )
    statements = json.loads(answer["Policy"])["Statement"]
    return {statement["Principal"]["AWS"].split(":")[4] for statement in statements}


def named(stack: Stack) -> str:
    name = f"/layers/{stack.name}/web"
    return str(stack.aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def test_a_change_alone_is_one_approval_and_no_build(make: Make) -> None:
    stack = make(SHARED)
    quick_builds(stack)
    stack.apply()
    arn = stack.output()["layer_arn"]
    assert (shared(stack, 1), named(stack)) == ({ONE}, arn)
    assert stack.plan().exit_code == 0

    stack.respec(share=[ONE, TWO])
    planned = stack.plan()
    assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
    assert planned.answer()["status"] == "unshared"
    assert planned.answer()["reason"] == f"published as version 1; share has been given {TWO}"
    assert ours(planned) == []
    assert stack.apply().builds == 0
    assert (shared(stack, 1), stack.versions()) == ({ONE, TWO}, [1])
    assert stack.output()["reason"] == "first build"
    assert stack.plan().exit_code == 0

    stack.destroy()
    pages = stack.aws.client("ssm").get_paginator("describe_parameters").paginate()
    assert not [p for page in pages for p in page["Parameters"] if stack.name in p["Name"]]


def test_the_publisher_shares_with_the_rights_that_it_has(make: Make) -> None:
    stack = make(SHARED, app=ASYNC)
    quick_builds(stack)
    before = len(stack.aws.calls())
    stack.apply()

    def done() -> bool:
        sharing = stack.record()["sharing"]
        return bool(sharing and sharing["layer_arn"])

    wait_until(done, "the publisher's sharing")
    assert (shared(stack, 1), named(stack)) == ({ONE}, stack.record()["current"]["layer_arn"])
    made_by_it = [c for c in stack.aws.calls()[before:] if publisher_of(stack) in c.principal]
    assert {c.operation for c in made_by_it if c.status == 403} <= {"BatchGetBuilds"}
    assert {"AddLayerVersionPermission", "PutParameter"} <= {c.operation for c in made_by_it}

    role = f"arn:aws:iam::{stack.aws.identity.account}:role/{publisher_of(stack)}"
    place = f"eu-central-1:{stack.aws.identity.account}"
    for action, resource in (
        ("ssm:PutParameter", f"arn:aws:ssm:{place}:parameter/other"),
        ("ssm:GetParameter", f"arn:aws:ssm:{place}:parameter/layers/{stack.name}/web/more"),
        ("lambda:AddLayerVersionPermission", f"arn:aws:lambda:{place}:layer:other-web:1"),
    ):
        verdict = stack.aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
        )
        (result,) = verdict["EvaluationResults"]
        assert result["EvalDecision"] != "allowed", (action, resource)
