"""An application of so many layers that what names each of them would have no room in AWS."""

from __future__ import annotations

import json
from typing import Any

from builder.spec.layer_spec import LayerSpec
from embedded.ministack.role_sizes import ROOM
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer
from tests.terraform.test_async import ASYNC

FORMS = ("stack", "module")
POLICY = "aws_iam_role_policy.build_publisher_permissions"


def many(number: int, **fields: Any) -> list[LayerSpec]:
    return [layer(f"layer-{n:02}", **fields) for n in range(number)]


def target(stack: Stack, address: str) -> str:
    inside = "module.layers." if (stack.folder / "module").is_dir() else ""
    return f"-target={inside}{address}"


def test_the_role_of_the_publisher_takes_the_policy_of_twenty_layers(make: Make) -> None:
    stack = make(*many(20, compute="auto", keep=2), app=ASYNC)

    stack.apply(target(stack, POLICY))

    role = f"{stack.name}-layers-publisher-{stack.aws.identity.region}"
    iam = stack.aws.client("iam")
    policy: Any = iam.get_role_policy(RoleName=role, PolicyName="publish")["PolicyDocument"]
    resources = [item for one in policy["Statement"] for item in one["Resource"]]
    account, region = stack.aws.identity.account, stack.aws.identity.region
    assert f"arn:aws:s3:::{stack.bucket}/*/artifacts/*" in resources
    named = [item for item in resources if ":layer:" in item]
    assert f"arn:aws:lambda:{region}:{account}:layer:{stack.name}-layer-19:*" in named
    assert len("".join(json.dumps(policy).split())) <= ROOM


def test_functions_that_a_policy_has_no_room_for_are_refused_at_plan(make: Make) -> None:
    functions = [f"{'a-function-of-a-long-name' * 2}-{n:03}" for n in range(120)]
    stack = make(layer(functions=tuple(functions)), app=ASYNC)

    refused = stack.fails("plan")

    assert refused.stderr.count("Error:") == 1
    assert "The publisher's policy is too long: a role takes 10240 characters" in refused.said
    assert "To mend it: let layers find their functions by a tag" in refused.said
    assert refused.writes == []

    make(layer(functions=("tag:team=billing",)), app=ASYNC).plan()


def test_each_layer_more_has_as_many_ways_in_terraforms_graph_as_the_one_before(make: Make) -> None:
    ways = []
    for number in (1, 3, 5):
        stack = make(*many(number))
        stack.plan()
        ways.append(stack.run("graph", "-plan=plan").stdout.count(" -> "))

    few, more, most = ways
    assert most - more == more - few > 0
