"""Each action of builds with private indexes is needed: without it a build does not begin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder.errors import LayerError
from builder.spec.indexes import CodeArtifact, Index
from builder.spec.layer_spec import LayerSpec
from tests.builder.conftest import ACCOUNT, REGION, World
from tests.policies.mutations import Document, removed
from tests.policies.test_build_role import policy

SECRET = "without secretsmanager:GetSecretValue"
NOT_JUDGED = dict.fromkeys(
    (
        "without codeartifact:GetAuthorizationToken",
        "without codeartifact:ReadFromRepository",
        "without sts:GetServiceBearerToken",
    ),
    "the embedded AWS has no CodeArtifact: AWS's user guide, 'Using CodeArtifact with policies'",
)
"""Actions whose lack is not noticed here, and why they are there."""


def logins(*indexes: Index) -> Document:
    """Return what the build role of a layer has for its indexes."""
    from modules.layer import policies  # here: the package starts Node
    from modules.layer.index_access import logins as statements_of

    spec = LayerSpec("web", ("3.12",), "arm64", dependencies=("x",), indexes=indexes)
    place = {"partition": "aws", "region": REGION, "account": ACCOUNT}
    document: Document = policies.document(*statements_of(spec, **place))
    return document


def private(name: str) -> Index:
    return Index("own", "https://a.example/packages", username="ci", secret=f"{name}:password")


def build(world: World, document: Document) -> dict[str, Any]:
    """Build a layer with a private index under the build role with more rights."""
    world.aws.client("secretsmanager").create_secret(
        Name=world.name, SecretString=json.dumps({"password": "a long password"})
    )
    # The stack makes it: builds may not.
    world.aws.client("logs").create_log_group(logGroupName=f"/aws/codebuild/{world.name}")
    iam, role = world.aws.client("iam"), world.role.rpartition("/")[2]
    for name, allowed in (("p", policy(world.name)), ("indexes", document)):
        if allowed["Statement"]:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(allowed))
    try:
        world.release(world.layer(indexes=(private(world.name),)))
        outcome = "released"
    except LayerError as error:
        outcome = error.what
    return {"outcome": outcome, "versions": world.versions()}


def test_every_action_is_tried_or_has_a_reason() -> None:
    house = Index("house", codeartifact=CodeArtifact("dom", ACCOUNT, "repo"))
    found = removed(logins(private("pypi/ci"), house))

    assert {m.name.partition(": ")[2] for m in found} == {SECRET, *NOT_JUDGED}


@pytest.mark.slow
def test_a_build_fetches_its_password_under_the_whole_policy(world: World) -> None:
    seen = build(world, logins(private(world.name)))

    assert seen == {"outcome": "released", "versions": [1]}


@pytest.mark.slow
def test_without_the_right_to_the_secret_a_build_does_not_begin(world: World) -> None:
    (without,) = removed(logins(private(world.name)))

    seen = build(world, without.document)

    assert seen["versions"] == []
    assert "secretsmanager:GetSecretValue" in seen["outcome"]
