from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.iam import Iam
from builder.operations.doctor.roles import examine_roles
from builder.spec.role_spec import RoleSpec
from tests.builder.conftest import World


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str) -> dict[str, Any]:
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": service},
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    )


READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
WRITE = {
    "Effect": "Allow",
    "Action": ["s3:PutObject", "s3:DeleteObject"],
    "Resource": ["arn:aws:s3:::b/*"],
}
CODEBUILD = trust("codebuild.amazonaws.com")


def wanted(world: World) -> RoleSpec:
    return RoleSpec(
        f"{world.name}-build", "/", "Builds", "", CODEBUILD, "build", document(READ, WRITE)
    )


def make(world: World, role: RoleSpec, **policies: Mapping[str, Any]) -> None:
    iam = world.aws.client("iam")
    iam.create_role(
        RoleName=role.name, Path=role.path, AssumeRolePolicyDocument=json.dumps(role.trust)
    )
    for name, policy in policies.items():
        iam.put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=json.dumps(policy))


def found(world: World, role: RoleSpec) -> list[tuple[str, str]]:
    session = world.session
    return [(each.verdict, each.seen) for each in examine_roles(Iam(session), [role])]


def test_a_role_as_it_is_wanted_is_well(world: World) -> None:
    role = wanted(world)
    make(world, role, build=role.policy)

    assert found(world, role) == [("ok", "trust policy and policy build are as wanted")]


def test_a_role_that_says_the_same_in_other_words_is_well(world: World) -> None:
    role = wanted(world)
    reads = {**READ, "Action": "s3:GetObject", "Sid": "Reads"}
    writes = {**WRITE, "Action": ["s3:DeleteObject", "s3:PutObject"]}
    make(world, role, reads=document(reads), writes={**document(), "Statement": writes})

    assert [verdict for verdict, _ in found(world, role)] == ["ok"]


def test_a_role_that_is_not_there_is_a_problem(world: World) -> None:
    assert found(world, wanted(world)) == [("problem", "there is no such role")]


def test_what_a_role_lacks_and_what_it_has_too_much_is_named(world: World) -> None:
    role = wanted(world)
    make(world, role, build=document(READ, {**WRITE, "Resource": ["*"]}))

    assert found(world, role) == [
        (
            "problem",
            "its policies lack s3:DeleteObject, s3:PutObject on arn:aws:s3:::b/*",
        ),
        (
            "warning",
            "its policies have more than is wanted: s3:DeleteObject, s3:PutObject on *",
        ),
    ]


def test_a_role_for_another_service_or_at_another_path_is_a_problem(world: World) -> None:
    role = wanted(world)
    other = replace(role, path="/teams/", trust=trust("lambda.amazonaws.com"))
    make(world, other, build=role.policy)
    boundary = "arn:aws:iam::123456789012:policy/b"

    assert found(world, replace(role, permissions_boundary=boundary)) == [
        ("problem", "its path is /teams/, and has to be /"),
        (
            "problem",
            "its trust policy does not let codebuild.amazonaws.com assume it, as it is wanted",
        ),
        ("problem", f"its permissions boundary is none, and not {boundary}"),
    ]


def test_managed_policies_are_named_and_not_read(world: World) -> None:
    role = wanted(world)
    make(world, role, build=role.policy)
    iam = world.aws.client("iam")
    policy = iam.create_policy(PolicyName=role.name, PolicyDocument=json.dumps(document(WRITE)))
    arn = policy["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role.name, PolicyArn=arn)

    assert found(world, role) == [("warning", f"it also has {arn}, which was not read")]
    iam.delete_role_policy(RoleName=role.name, PolicyName="build")
    ((verdict, seen),) = found(world, role)
    assert verdict == "warning"
    assert seen.endswith(f"unless {arn} allows it, which was not read")


def test_who_may_not_look_hears_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    role = wanted(world)
    make(world, role, build=role.policy)
    world.become(monkeypatch, "s3:*")

    ((verdict, seen),) = found(world, role)
    assert verdict == "unknown"
    assert "iam:GetRole" in seen
