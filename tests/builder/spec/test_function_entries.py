import pytest

from builder.spec.function_entries import Scope, problem, region_of

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:web"


@pytest.mark.parametrize(
    "entry",
    ["web_api-1", ARN, f"{ARN}:$LATEST", "*", "tag:team=billing", "tag:a=", "tag:aws:x/y=a=b"],
)
def test_entries_that_are_right(entry: str) -> None:
    assert problem(entry) is None


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("", "'' cannot name a Lambda function"),
        ("two words", "'two words' cannot name a Lambda function"),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:web:1", "cannot name a Lambda function"),
        ("web-*", "'web-*' is a pattern, and * stands alone"),
        ("web:live", "'web:live' names a version or alias, whose layers never change"),
        ("web:3", "names a version or alias"),
        (f"{ARN}:3", "names a version or alias"),
        ("tag:team", "'tag:team' does not say key and value of a tag"),
        ("tag:=billing", "does not say key and value of a tag"),
        (f"tag:{'k' * 129}=v", "is longer than a tag can be"),
        (f"tag:k={'v' * 257}", "is longer than a tag can be"),
    ],
)
def test_entries_that_are_wrong_are_reported_with_what_was_expected(entry: str, what: str) -> None:
    found = problem(entry)

    assert found is not None
    assert what in found[0]
    assert found[1]


def test_a_scope_knows_whom_it_means() -> None:
    scope = Scope.of(("api", ARN, "api:$LATEST", "tag:team=billing", "tag:env=a=b"))

    assert scope.named == ("api", ARN)
    assert scope.names("api", "arn:whatever")
    assert scope.names("web", ARN)
    assert not scope.names("web", ARN.replace("eu-west-1", "eu-west-2"))
    assert scope.tagged({"team": "billing", "more": "x"})
    assert scope.tagged({"env": "a=b"})
    assert not scope.tagged({"team": "Billing", "env": "a"})
    assert scope.searches
    assert not scope.every


def test_a_star_searches_and_names_alone_do_not() -> None:
    assert Scope.of(("*",)).every
    assert Scope.of(("*",)).searches
    assert not Scope.of(("api", ARN)).searches


def test_the_region_is_in_an_arn() -> None:
    assert (region_of(ARN), region_of("web")) == ("eu-west-1", "")
