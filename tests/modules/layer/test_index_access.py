from __future__ import annotations

from dataclasses import replace

from builder.spec.layer_spec import CodeArtifact, Index, LayerSpec
from modules.layer.index_access import logins

URL = "https://packages.example.com/simple"
PLACE = CodeArtifact("shop", "210987654321", "python")
ARN = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:pypi-AbCdEf"


def granted(*indexes: Index) -> list[tuple[list[str], list[str]]]:
    spec = LayerSpec("web", ("3.13",), "arm64", dependencies=("rich",), indexes=indexes)
    found = logins(spec, "aws", "eu-west-1", "123456789012")
    assert all(statement["Effect"] == "Allow" for statement in found)
    return [(statement["Action"], statement["Resource"]) for statement in found]


def test_a_layer_without_private_indexes_gets_no_right_for_them() -> None:
    assert granted() == []
    assert granted(Index("public", URL)) == []


def test_a_secret_by_name_is_that_secret_whatever_its_six_characters() -> None:
    assert granted(Index("a", URL, "ci", "pypi/ci:password")) == [
        (
            ["secretsmanager:GetSecretValue"],
            ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:pypi/ci-??????"],
        )
    ]


def test_a_secret_by_arn_is_that_secret() -> None:
    assert granted(Index("a", URL, "ci", f"{ARN}:password")) == [
        (["secretsmanager:GetSecretValue"], [ARN])
    ]


def test_two_keys_of_one_secret_are_one_right() -> None:
    one = Index("a", URL, "ci", "pypi:one")
    assert len(granted(one, Index("b", URL + "2", "ci", "pypi:two"))) == 1


def test_codeartifact_is_one_repository_of_one_domain_and_a_token_for_no_other_service() -> None:
    start = "arn:aws:codeartifact:eu-west-1:210987654321"
    assert granted(Index("a", codeartifact=PLACE)) == [
        (["codeartifact:GetAuthorizationToken"], [f"{start}:domain/shop"]),
        (["codeartifact:ReadFromRepository"], [f"{start}:repository/shop/python"]),
        (["sts:GetServiceBearerToken"], ["*"]),
    ]
    spec = LayerSpec(
        *("web", ("3.13",), "arm64"),
        dependencies=("rich",),
        indexes=(Index("a", codeartifact=replace(PLACE, region="us-east-1")),),
    )
    *others, token = logins(spec, "aws", "eu-west-1", "123456789012")
    assert token["Condition"] == {
        "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}
    }
    assert all(":us-east-1:" in statement["Resource"][0] for statement in others)
