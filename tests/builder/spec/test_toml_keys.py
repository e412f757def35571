from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.toml_keys import check_keys

KNOWN = {"url": "string", "names": "strings", "place": "table", "default": "boolean"}


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("url", ["x"], [3, None, ["x"]]),
        ("names", ["x", ["x"], []], [3, ["x", 3], {}]),
        ("place", [{}], ["x", []]),
        ("default", [True, False], ["true", 1, 0]),
    ],
)
def test_each_kind_takes_its_own_values_and_no_others(
    key: str, right: list[Any], wrong: list[Any]
) -> None:
    for value in right:
        check_keys({key: value}, KNOWN, "[here]")
    for value in wrong:
        with pytest.raises(SpecError, match=f"{key} has the wrong type") as caught:
            check_keys({key: value}, KNOWN, "[here]")
        assert f"write {key} = " in caught.value.fix


def test_an_unknown_key_is_answered_with_the_closest_then_the_hint_then_its_removal() -> None:
    def fix(key: str, hint: str = "") -> str:
        with pytest.raises(SpecError, match="unknown key") as caught:
            check_keys({key: 1}, KNOWN, "[here]", hint)
        return caught.value.fix

    assert fix("urls") == "did you mean 'url'?"
    assert fix("zzz", "look there") == "look there"
    assert fix("zzz") == "remove 'zzz'"
