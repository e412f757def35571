"""Roles are assumed as the aws provider assumes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from builder.aws.credentials import Credentials
from builder.aws.session import Session
from builder.errors import CredentialsError, SpecError
from builder.protocol.credentials import AssumeRole, Roles, WebIdentity
from tests.builder.conftest import ACCOUNT, World

REGION = "eu-central-1"


def role(world: World, name: str, *trusted: Mapping[str, Any], allow: object = "*") -> str:
    """Make a role that may do anything; return its ARN."""
    iam = world.aws.client("iam")
    trust = [{"Effect": "Allow", "Action": "sts:AssumeRole", **statement} for statement in trusted]
    arn = iam.create_role(
        RoleName=f"{world.name}-{name}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": allow, "Resource": "*"}
    iam.put_role_policy(
        RoleName=f"{world.name}-{name}",
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    return str(arn)


def trusting(principal: str = f"arn:aws:iam::{ACCOUNT}:root", **condition: str) -> dict[str, Any]:
    """Return the statement that trusts a principal under a condition."""
    trust: dict[str, Any] = {"Principal": {"AWS": principal}}
    if condition:
        trust["Condition"] = {"StringEquals": {f"sts:{k}": v for k, v in condition.items()}}
    return trust


def caller(*chain: AssumeRole, token: WebIdentity | None = None) -> str:
    roles = Roles(chain, (token,) if token else ())
    return Session(Credentials(roles=roles), REGION).caller


def test_a_role_is_assumed_with_external_id_and_session_name(world: World) -> None:
    arn = role(world, "one", trusting(ExternalId="x1", RoleSessionName="nightly"))

    with pytest.raises(CredentialsError, match="refused") as caught:
        caller(AssumeRole(arn, session_name="nightly"))
    assert arn in caught.value.where
    asked = AssumeRole(arn, session_name="nightly", external_id="x1", duration="20m")
    assert caller(asked) == f"arn:aws:sts::{ACCOUNT}:assumed-role/{world.name}-one/nightly"


def test_a_chain_is_assumed_in_its_order(world: World) -> None:
    first = role(world, "first", trusting())
    second = role(world, "second", trusting(first, ExternalId="x2"))

    asked = AssumeRole(second, external_id="x2", session_name="ci")
    with pytest.raises(CredentialsError, match="refused"):
        caller(asked)
    assert caller(AssumeRole(first), asked).endswith(f"assumed-role/{world.name}-second/ci")
    both = Credentials(role_arn=first, roles=Roles((asked,)))
    assert Session(both, REGION).caller.endswith(f"assumed-role/{world.name}-second/ci")
    assert str(both) == f"the environment, assuming {first}, assuming {second}"


def test_a_policy_narrows_what_a_role_may(world: World) -> None:
    arn = role(world, "narrow", trusting())
    nothing_of_iam = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
    }
    asked = AssumeRole(arn, policy=json.dumps(nothing_of_iam))
    session = Session(Credentials(roles=Roles((asked,))), REGION)

    assert session.account == ACCOUNT
    with pytest.raises(session.client("iam").exceptions.ClientError, match="AccessDenied"):
        session.client("iam").list_roles()


def test_session_tags_are_sent(world: World) -> None:
    tagged = trusting() | {
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"aws:RequestTag/team": "shop"}},
    }
    arn = role(world, "tagged", tagged)

    with pytest.raises(CredentialsError):
        caller(AssumeRole(arn))
    assert caller(AssumeRole(arn, tags={"team": "shop"}, transitive_tag_keys=("team",)))


def token(issuer: str) -> str:
    """Return a token as an issuer of OpenID Connect writes it."""
    parts = ({"alg": "none"}, {"iss": f"https://{issuer}", "sub": "repo", "aud": "sts"})
    return ".".join(
        [
            *(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts),
            "",
        ]
    )


def test_a_token_is_shown_for_a_role_and_the_chain_goes_on(world: World, tmp_path: Path) -> None:
    issuer = "ci.example"
    trust = {
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    job = role(world, "job", trust)
    deploy = role(world, "deploy", trusting(job))
    file = tmp_path / "token"
    asked = WebIdentity(job, str(file), session_name="run-7")

    with pytest.raises(CredentialsError, match="token") as caught:
        caller(token=asked)
    assert str(file) in caught.value.where
    file.write_text(token(issuer) + "\n")
    assert caller(token=asked).endswith(f"assumed-role/{world.name}-job/run-7")
    assert f"{world.name}-deploy/" in caller(AssumeRole(deploy), token=asked)


def test_what_terraform_asks_is_read() -> None:
    """Terraform's jsonencode writes null for what is not set."""
    more = {
        "assume_role": [{"role_arn": "arn:b", "external_id": "x", "tags": None}],
        "assume_role_with_web_identity": [],
    }
    fields = {"profile": "work", "role_arn": "arn:a", "assume": json.dumps(more)}

    found = Credentials.parse(fields)

    assert found.profile == "work"
    assert [each.role_arn for each in found.chain] == ["arn:a", "arn:b"]
    assert found.chain[1].external_id == "x"
    assert found.token is None
    assert Credentials.parse({}) == Credentials()


@pytest.mark.parametrize(
    "more",
    [
        "no json",
        "[]",
        '{"assume_role": [{}]}',
        '{"assume_role": [{"role_arn": 1}]}',
        '{"other": 1}',
    ],
)
def test_what_cannot_be_read_is_refused(more: str) -> None:
    with pytest.raises(SpecError, match="credentials cannot be read"):
        Credentials.parse({"assume": more})


def test_a_duration_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(SpecError, match="'an hour' is no duration"):
        caller(AssumeRole(world.role, duration="an hour"))
