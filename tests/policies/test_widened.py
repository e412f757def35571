"""A policy that reaches further than it does is noticed: some request that must be denied is not.

IAM is ministack's evaluator, the one that the embedded AWS enforces; it needs no account here.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isfunction
from typing import Any

import pytest
from ministack.core import iam_evaluator

from tests.policies.mutations import Document, Mutation, widened
from tests.policies.roles import ACCOUNT, REGION, Request, Role, roles

ROLES = (
    *("a layer's builds", "a layer's builds with private indexes", "the project", "the publisher"),
    "what options add",
    *("the publisher of one layer that names a function", "a hybrid service's task"),
    *("what shared and named layers add", "what pushes a layer's image"),
    *("what starts that task", "a function that asks for the service"),
    "what images add to the publisher",
)


def allows(document: Document, request: Request) -> bool:
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/x",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=request.action,
        resource_arn=request.resource,
        region=REGION,
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={key.lower(): value for key, value in request.keys.items()},
    )
    parsed = iam_evaluator.parse_policy_document(document)
    return bool(iam_evaluator.evaluate(context, [parsed]).decision == "Allow")


def unnoticed(role: Role) -> list[Mutation]:
    denied = list(role.denied())
    return [
        mutation
        for mutation in widened(role.document)
        if not any(allows(mutation.document, request) for request in denied)
    ]


def test_every_role_of_the_product_is_judged() -> None:
    assert set(roles()) == set(ROLES)


ON_ALL = {
    "the publisher": {"lambda:GetLayerVersion", "lambda:ListFunctions"},
    "the publisher of one layer that names a function": {
        "lambda:GetLayerVersion",
        "lambda:ListFunctions",
    },
    "a layer's builds with private indexes": {"sts:GetServiceBearerToken"},
    "what pushes a layer's image": {"ecr:GetAuthorizationToken"},
    "what starts that task": {"ecr:GetAuthorizationToken"},
    "what images add to the publisher": {
        *("ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:ListClusters"),
        *("ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions", "ecs:ListTasks"),
    },
    "what options add": {
        *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
        *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    },
}
"""What roles may do on every resource; docs/security.md says why."""


@pytest.mark.parametrize("name", ROLES)
def test_what_is_allowed_on_every_resource_is_what_the_page_says(name: str) -> None:
    allowed = [s for s in roles()[name].document["Statement"] if "*" in s["Resource"]]

    assert {action for s in allowed for action in s["Action"]} == ON_ALL.get(name, set())


NOT_OF_ROLES = {"document", "allow", "codebuild_trust", "lambda_trust", "task_trust", "tls_only"}
"""Functions of the product's policies whose limits tests/modules/layer/test_posture.py has, and
what they are made of."""


def test_every_function_that_makes_statements_is_in_the_policy_of_a_role() -> None:
    # Here: the package starts Node.
    from modules.layer import hybrid_policies, image_policies, policies

    asked: set[str] = set()

    def recorded(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **fields: Any) -> Any:
            asked.add(name)
            return make(*values, **fields)

        return call

    made = [
        (module, name, make)
        for module in (policies, hybrid_policies, image_policies)
        for name, make in vars(module).items()
        if isfunction(make) and make.__module__ == module.__name__ and not name.startswith("_")
    ]
    with pytest.MonkeyPatch.context() as patch:
        for module, name, make in made:
            patch.setattr(module, name, recorded(f"{module.__name__}.{name}", make))
        roles.__wrapped__()

    expected = {f"{m.__name__}.{name}" for m, name, _ in made if name not in NOT_OF_ROLES}
    assert len(expected) > 15
    assert expected - asked == set()


@pytest.mark.parametrize("name", ROLES)
def test_a_role_may_do_what_it_needs_and_nothing_that_is_anothers(name: str) -> None:
    role = roles()[name]

    assert [need for need in role.needs if not allows(role.document, need)] == []
    assert [request for request in role.denied() if allows(role.document, request)] == []


@pytest.mark.parametrize("name", ROLES)
def test_a_wider_resource_and_a_missing_condition_are_noticed(name: str) -> None:
    role = roles()[name]
    names = [mutation.name for mutation in widened(role.document)]

    assert names
    assert [mutation.name for mutation in unnoticed(role)] == []
