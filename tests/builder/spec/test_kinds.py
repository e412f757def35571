from typing import Any

import pytest

from builder.spec.kinds import BOOLEAN, COUNT, ONE_OR_MORE, STRING, STRINGS, TABLE, Kind


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (STRING, ["x", ""], [3, ["x"], {}, True]),
        (STRINGS, [["x"], []], ["x", "", 3, ["x", 3], [["x"]], {}, {"x": 1}]),
        (ONE_OR_MORE, ["x", ["x"], []], [3, ["x", 3], {}]),
        (BOOLEAN, [True, False], ["true", 1, 0]),
        (COUNT, [1, 5], [0, -1, True, "5", 2.0]),
        (TABLE, [{}], ["x", []]),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_each_kind_takes_its_own_values_and_no_others(
    kind: Kind, right: list[Any], wrong: list[Any]
) -> None:
    assert [value for value in right if not kind.takes(value)] == []
    assert [value for value in wrong if kind.takes(value)] == []
