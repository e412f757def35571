import json

import pytest

from builder import errors
from builder.errors import BuildFailed, LayerError, SpecError


def test_an_error_says_what_where_expected_and_fix_in_this_order() -> None:
    error = SpecError("it is wrong", where="layers.toml [app]", expected="right", fix="mend it")

    assert str(error).splitlines() == [
        "it is wrong",
        "  where:    layers.toml [app]",
        "  expected: right",
        "  fix:      mend it",
    ]


def test_what_is_not_known_is_left_out() -> None:
    assert str(LayerError("it is wrong", fix="mend it")) == "it is wrong\n  fix:      mend it"


def test_more_lines_stand_below_the_first_one() -> None:
    assert str(LayerError("wrong", where="here\nand there")).splitlines() == [
        "wrong",
        "  where:    here",
        "            and there",
    ]


def test_machines_get_one_json_object_with_the_kind() -> None:
    error = BuildFailed("it failed", where="build 1", expected="success", fix="try again")

    assert json.loads(error.to_json()) == {
        "error": {
            "kind": "BuildFailed",
            "what": "it failed",
            "where": "build 1",
            "expected": "success",
            "fix": "try again",
        }
    }


@pytest.mark.parametrize(
    "kind",
    [k for k in vars(errors).values() if isinstance(k, type) and k.__module__ == "builder.errors"],
)
def test_whoever_catches_the_root_catches_every_error(kind: type[LayerError]) -> None:
    with pytest.raises(LayerError, match="wrong"):
        raise kind("wrong")
