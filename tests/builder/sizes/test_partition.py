from __future__ import annotations

import pytest

from builder.sizes.partition import EXACT, in_two
from tests.builder.sizes.layers import MB, sized


def test_what_both_need_is_in_both_halves() -> None:
    layer = sized("a|b|c", {"a": (100, "s"), "b": (60, "s"), "c": (30, ""), "s": (50, "")})
    target = layer.targets[0]
    halves = in_two(target.graph, target.sizes, 160 * MB)
    assert halves is not None
    one, other = halves
    assert {one.roots, other.roots} == {("a",), ("b", "c")}
    assert all("s" in half.packages for half in halves)
    assert [half.size for half in halves] == [150 * MB, 140 * MB]


def test_there_is_none_where_a_half_would_be_too_large_or_nothing_can_be_parted() -> None:
    target = sized("a|b", {"a": (100, ""), "b": (60, "")}).targets[0]
    assert in_two(target.graph, target.sizes, 99 * MB) is None
    target = sized("a", {"a": (100, "b"), "b": (60, "")}).targets[0]
    assert in_two(target.graph, target.sizes, 150 * MB) is None


@pytest.mark.parametrize("count", [EXACT, 60])
def test_many_requirements_are_parted_into_all_of_them(count: int) -> None:
    names = {f"p{n}": (n + 1, "shared") for n in range(count)}
    target = sized("|".join(names), {**names, "shared": (5, "")}).targets[0]
    halves = in_two(target.graph, target.sizes, 10_000 * MB)
    assert halves is not None
    assert sorted(halves[0].roots + halves[1].roots) == sorted(names)
    assert abs(halves[0].size - halves[1].size) <= 10 * MB
