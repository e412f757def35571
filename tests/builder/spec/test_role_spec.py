from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.role_spec import POLICY_ROOM, RoleSpec, check_policies, roles_of_plan

DOCUMENT: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
ROLE = RoleSpec("shop-a", "/", "It", "", DOCUMENT, "logs", DOCUMENT)


def resource(name: str, told: Any, type_: str = "terraform_data") -> dict[str, Any]:
    return {"address": "x", "type": type_, "name": name, "index": 0, "values": {"input": told}}


def plan(*resources: dict[str, Any], children: list[dict[str, Any]] | None = None) -> str:
    root = {"resources": list(resources), "child_modules": children or []}
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": root}})


def test_roles_of_a_plan_are_found_in_every_module_of_it() -> None:
    told = {"logs": asdict(ROLE)}
    deep = {"address": "module.a", "child_modules": [{"resources": [resource("roles", told)]}]}
    others = (resource("build_retire", "x"), resource("all_roles", {}, "aws_iam_role"))

    found = roles_of_plan(plan(resource("build_roles", told), *others, children=[deep]), "x.json")
    assert found == [ROLE, ROLE]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x00PK", "not a plan as JSON"),
        ("[]", "not a plan as JSON"),
        ("{}", "not a plan as JSON"),
        (plan(), "has no roles"),
        (plan(resource("build_roles", None)), "not a plan as JSON"),
        (plan(resource("build_roles", {"logs": {"name": "a"}})), "not a plan as JSON"),
    ],
)
def test_what_is_no_plan_with_roles_is_refused_with_how_to_get_one(
    content: bytes | str, what: str
) -> None:
    with pytest.raises(SpecError, match=what) as refused:
        roles_of_plan(content, "x.json")
    assert "terraform show -json" in str(refused.value)
    assert "x.json" in str(refused.value)


def policy(characters: int) -> dict[str, Any]:
    """Return a policy of that many characters, as IAM counts them."""
    empty = {"Version": "2012-10-17", "Statement": [{"Resource": ""}]}
    rest = characters - len(json.dumps(empty, separators=(",", ":")))
    return {**empty, "Statement": [{"Resource": "a" * rest}]}


def test_a_policy_that_iam_would_refuse_is_refused_before() -> None:
    check_policies([ROLE, replace(ROLE, policy=policy(POLICY_ROOM))])

    with pytest.raises(SpecError) as refused:
        check_policies([ROLE, replace(ROLE, name="shop-b", policy=policy(POLICY_ROOM + 1))])
    assert "the policy of shop-b has 10241 characters" in str(refused.value)
    assert "tag:KEY=VALUE" in str(refused.value)
