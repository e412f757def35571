"""Documents: what is beyond the limits or of another type is refused in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from builder.documents import DEEPEST, Malformed, read_json, read_toml, typed
from builder.errors import SourceError
from builder.inputs.pyproject import parse_pyproject


@dataclass(frozen=True)
class Inner:
    number: int


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner | None = None
    several: tuple[Inner, ...] = ()
    by_name: Mapping[str, float] = field(default_factory=dict)


def problem(kind: Any, value: Any) -> str:
    with pytest.raises(Malformed) as caught:
        typed(kind, value)
    return str(caught.value)


def test_a_table_becomes_the_dataclass_with_its_types() -> None:
    made = typed(
        Outer,
        {"name": "x", "inner": {"number": 1}, "several": [{"number": 2}], "by_name": {"a": 1}},
    )

    assert made == Outer("x", Inner(1), (Inner(2),), {"a": 1})
    assert typed(Outer, {"name": "x", "inner": None}) == Outer("x")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "it is 'x', not a table"),
        ({}, "name is missing"),
        ({"name": 1}, "name is 1, not a text"),
        ({"name": "x", "odd": 1}, "odd is unknown"),
        ({"name": "x", "od\nd": 1}, "'od\\nd' is unknown"),
        ({"name": "x", "inner": {"number": True}}, "inner.number is True, not a whole number"),
        ({"name": "x", "inner": {"number": 2**63}}, "not a whole number"),
        ({"name": "x", "inner": {"number": 1.0}}, "inner.number is 1.0, not a whole number"),
        ({"name": "x", "several": {"number": 1}}, "several is {'number': 1}, not a list"),
        ({"name": "x", "several": [{"number": "1"}]}, "several[0].number is '1', not a whole"),
        ({"name": "x", "by_name": {"a": "b"}}, "by_name.a is 'b', not a number"),
    ],
)
def test_a_value_of_another_type_is_named_with_its_place(value: Any, said: str) -> None:
    assert said in problem(Outer, value)


def test_a_long_value_is_not_shown_whole() -> None:
    assert len(problem(int, "x" * 1_000_000)) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        (b"\xff", "not UTF-8"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[NaN]", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("[1e999]", "not finite"),
        ("1" * 5000, "not JSON"),
        (r'["\ud800"]', "half of a surrogate pair"),
        (r'{"\udc00": 1}', "half of a surrogate pair"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 100_000, "nested"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested"),
        ("[" + " " * 100 + "]", "it has 102 bytes, at most 100 are read"),
    ],
)
def test_json_that_is_none_or_beyond_the_limits_is_refused(text: bytes | str, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_json(text, largest=100 if "bytes" in said else 1 << 20)

    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a = ", "not TOML"),
        (b"a = \xff", "not UTF-8"),
        (b"a = " + b"1" * 5000, "not TOML"),
        (b"a = " + b"[" * 100_000, "nested"),
        (b"a = " + b"{a=" * 100_000, "nested"),
        (b"a." * 1000 + b"a = 1", "nested"),
        (b"a = inf", "not finite"),
    ],
)
def test_toml_that_is_none_or_beyond_the_limits_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_toml(text)

    assert said in str(caught.value)


def test_a_byte_order_mark_before_toml_is_left_out() -> None:
    assert read_toml(b"\xef\xbb\xbfa = 1") == {"a": 1}


def test_the_limits_are_those_of_the_security_page() -> None:
    """In figures: a test that reads the limit from the code does not notice another one."""
    whole, deep = 32 << 20, 60

    assert read_json(b"1".rjust(whole)) == 1
    with pytest.raises(Malformed):
        read_json(b"1".rjust(whole + 1))
    assert read_json("[" * (deep - 1) + "]" * (deep - 1)) is not None
    with pytest.raises(Malformed, match="more than 60 levels"):
        read_json("[" * (deep + 1) + "]" * (deep + 1))


def test_a_pyproject_toml_has_4_mib_at_most() -> None:
    most = 4 << 20

    assert parse_pyproject(b"a = 1".ljust(most, b"\n"), "pyproject.toml") == {"a": 1}
    with pytest.raises(SourceError, match=r"pyproject\.toml cannot be read"):
        parse_pyproject(b"a = 1".ljust(most + 1, b"\n"), "pyproject.toml")
