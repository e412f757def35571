import tomllib
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.field import Place
from builder.spec.toml_keys import check_keys


def refused(key: str, value: Any, place: Place = Place.LAYER) -> SpecError:
    with pytest.raises(SpecError) as caught:
        check_keys({key: value}, place, "[here]")
    return caught.value


def test_keys_of_the_table_with_values_of_their_kind_are_taken() -> None:
    check_keys({"python": ["3.13"], "requirements": "a.txt", "keep": 5}, Place.LAYER, "[here]")


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("pyton", "did you mean 'python'?"),
        ("dependancies", "did you mean 'dependencies'?"),
        ("may-fail", "did you mean 'may_fail'?"),
        ("PYTHON", "did you mean 'python'?"),
        ("sync_mode", "move 'sync_mode' to [app], or remove it"),
        ("layers", "move 'layers' to the top of layers.toml, or remove it"),
        ("zzz", "remove 'zzz'"),
    ],
)
def test_an_unknown_key_is_answered_with_what_may_be_meant(key: str, fix: str) -> None:
    error = refused(key, 1)

    assert (error.what, error.where, error.fix) == (f"unknown key {key!r}", "[here]", fix)
    assert error.expected.startswith("one of: package, ")


def test_a_key_of_one_layer_is_not_taken_for_another_key_of_the_defaults() -> None:
    # "package" is close to "system_packages", which [defaults] has.
    fix = refused("package", "src", Place.DEFAULTS).fix

    assert fix == "move 'package' to [layers.NAME], or remove it"


@pytest.mark.parametrize("value", ["rich", 'a "b" \\ c', "größe", "", "a\nb"])
@pytest.mark.parametrize("key", ["dependencies", "python", "functions", "exclude"])
def test_a_string_where_a_list_belongs_is_refused_with_the_list_to_write(
    key: str, value: str
) -> None:
    error = refused(key, value)

    assert error.where == f"[here], key {key!r}"
    assert error.expected == "a list of strings"
    assert tomllib.loads(error.fix.removeprefix("write ")) == {key: [value]}


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("python", 3.13, 'write python = ["3.13"]'),
        ("keep", 0, "write keep = 5"),
        ("requirements", 3, 'write requirements = "requirements.txt"'),
        ("description", ["x"], 'write description = "What the web needs"'),
    ],
)
def test_a_value_of_another_kind_is_answered_with_an_example(
    key: str, value: Any, fix: str
) -> None:
    assert refused(key, value).fix == fix
