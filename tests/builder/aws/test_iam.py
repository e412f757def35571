import json
import uuid

import pytest

from builder.aws.iam import Iam
from builder.errors import AwsError
from tests.builder.conftest import World

BUCKET = "arn:aws:s3:::somewhere"


def role(world: World, *statements: dict[str, object], path: str = "/") -> str:
    iam = world.aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    name = f"r{uuid.uuid4().hex[:12]}"
    made = iam.create_role(
        RoleName=name, Path=path,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )  # fmt: skip
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return made["Role"]["Arn"]


def test_what_policies_do_not_allow_is_named(world: World) -> None:
    arn = role(world, {"Effect": "Allow", "Action": "s3:Get*", "Resource": f"{BUCKET}/web/*"})
    iam = Iam(world.session)

    assert iam.refused(arn, ["s3:GetObject", "s3:PutObject"], f"{BUCKET}/web/*") == ["s3:PutObject"]
    assert iam.refused(arn, ["s3:GetObject"], f"{BUCKET}/other/*") == ["s3:GetObject"]


def test_the_permissions_of_a_session_are_those_of_its_role_wherever_that_is(world: World) -> None:
    arn = role(world, path="/teams/")
    name = arn.rpartition("/")[2]
    session = f"arn:aws:sts::123456789012:assumed-role/{name}/alice"

    assert Iam(world.session).principal(session) == arn
    assert Iam(world.session).principal(arn) == arn


def test_who_may_not_ask_iam_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.become(monkeypatch, "s3:*")
    iam = Iam(world.session)

    with pytest.raises(AwsError, match="may not iam:SimulatePrincipalPolicy"):
        iam.refused(world.session.caller, ["s3:GetObject"], BUCKET)
    with pytest.raises(AwsError, match="may not iam:GetRole"):
        iam.principal("arn:aws:sts::123456789012:assumed-role/x/alice")


def test_a_role_is_found_with_its_policies(world: World) -> None:
    reads: dict[str, object] = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    name = role(world, reads, path="/teams/").rpartition("/")[2]
    iam = Iam(world.session)

    found = iam.role(name)
    assert found is not None
    assert (found.path, found.boundary) == ("/teams/", "")
    assert found.trust["Statement"][0]["Action"] == "sts:AssumeRole"
    (policy,) = iam.inline_policies(name)
    assert policy["Statement"] == [reads]
    assert iam.attached_policies(name) == []


def test_a_role_that_is_not_there_is_known_to_lack_and_not_by_who_may_not_ask(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = role(world).rpartition("/")[2]
    iam = Iam(world.session)
    assert iam.role(f"{name}-gone") is None
    assert (iam.lacks_role(name), iam.lacks_role(f"{name}-gone")) == (False, True)

    world.become(monkeypatch, "s3:*")
    assert not Iam(world.session).lacks_role(f"{name}-gone")
