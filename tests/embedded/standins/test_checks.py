from typing import Any

import pytest

from embedded.standins import checks
from embedded.standins.schema import Attribute, Block
from embedded.standins.values import UNKNOWN


def refused(check: checks.Check, **config: Any) -> bool:
    return bool(list(check(config)))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.one_of("a", "x", "y"), "y", "z"),
        (checks.between("a", 1, 3), 3, 4),
        (checks.between("a", 1), 10**6, 0),
        (checks.matches("a", "[a-z]+", "letters"), "abc", "abc1"),
        (checks.length("a", 1, 2), "ab", "abc"),
        (checks.length("a", 0, 1), ["x"], ["x", "y"]),
        (checks.arn("a"), "arn:aws:iam::123456789012:role/x", "role/x"),
        (checks.arn("a"), ["arn:aws:s3:::bucket"], ["arn:aws:s3:::bucket", "bucket"]),
        (checks.arn("a"), "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam"),
        (checks.json_object("a"), '{"a": 1}', '{"a": 1,}'),
        (checks.json_object("a"), "{}", "[]"),
    ],
)
def test_a_check_takes_the_good_and_refuses_the_bad(
    check: checks.Check, good: Any, bad: Any
) -> None:
    assert not refused(check, a=good)
    assert refused(check, a=bad)
    assert not refused(check, a=UNKNOWN)
    assert not refused(check, a=None)


def test_a_refusal_names_the_argument_even_in_a_block() -> None:
    config = {"rule": [{"days": 1}, {"days": -1}]}
    (error,) = checks.between("rule.days", 0)(config)
    assert error.path == ("rule", 1, "days")
    assert error.detail == "-1 is not in the range 0 to any"


def test_conflicting_arguments_are_refused_even_when_they_are_not_known() -> None:
    check = checks.conflicts("name", "name_prefix")
    assert refused(check, name="a", name_prefix="b")
    assert refused(check, name="a", name_prefix=UNKNOWN)
    assert not refused(check, name="a", name_prefix=None)


def test_exactly_one_argument_is_wanted() -> None:
    check = checks.exactly_one("filename", "s3_bucket")
    assert refused(check)
    assert refused(check, filename="a", s3_bucket="b")
    assert not refused(check, s3_bucket=UNKNOWN)


def test_arguments_that_belong_together() -> None:
    check = checks.together("s3_bucket", "s3_key")
    assert refused(check, s3_bucket="a")
    assert not refused(check, s3_bucket="a", s3_key="b")
    assert not refused(check)


def test_what_the_provider_sets_cannot_be_configured() -> None:
    block = Block(
        {
            "arn": Attribute("string", computed=True),
            "id": Attribute("string", optional=True, computed=True),
        }
    )
    assert refused(checks.unconfigurable(block), arn="x")
    assert not refused(checks.unconfigurable(block), id="x")
