"""Two layers in the place of one: the layer's own requirements parted, each with all it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from builder.sizes.graph import Graph

EXACT = 14
"""Up to so many requirements all partitions are tried; more are dealt out, the largest first."""


@dataclass(frozen=True)
class Half:
    """One of two layers: what it asks for, all packages that it has then, and their bytes."""

    roots: tuple[str, ...]
    packages: frozenset[str]
    size: int


def in_two(graph: Graph, sizes: Mapping[str, int], limit: int) -> tuple[Half, Half] | None:
    """Return the partition of the roots whose larger half is the smallest.

    None if that half is above the limit. What both halves need is in both.
    """
    closures = {root: graph.reached((root,)) for root in graph.roots}
    if len(closures) < 2:
        return None

    def half(roots: Iterable[str]) -> Half:
        chosen = tuple(sorted(roots))
        packages = frozenset().union(*(closures[root] for root in chosen))
        return Half(chosen, packages, sum(sizes.get(name, 0) for name in packages))

    pairs = _all(list(closures)) if len(closures) <= EXACT else [_dealt(closures, sizes)]
    best = min(
        ((half(one), half(other)) for one, other in pairs),
        key=lambda pair: (max(pair[0].size, pair[1].size), pair[0].size + pair[1].size),
    )
    return best if max(best[0].size, best[1].size) <= limit else None


def _all(roots: list[str]) -> Iterable[tuple[set[str], set[str]]]:
    first, *rest = roots
    for count in range(len(rest)):
        for others in combinations(rest, count):
            one = {first, *others}
            yield one, set(roots) - one


def _dealt(
    closures: Mapping[str, frozenset[str]], sizes: Mapping[str, int]
) -> tuple[set[str], set[str]]:
    """Give each root, the largest first, to the half that is smaller with it."""
    weight = {root: sum(sizes.get(name, 0) for name in found) for root, found in closures.items()}
    halves: list[tuple[set[str], set[str]]] = [(set(), set()), (set(), set())]

    def with_it(half: tuple[set[str], set[str]], root: str) -> int:
        return sum(sizes.get(name, 0) for name in half[1] | closures[root])

    for root in sorted(closures, key=lambda name: (-weight[name], name)):
        chosen = min(halves, key=lambda half: with_it(half, root))
        chosen[0].add(root)
        chosen[1].update(closures[root])
    if not halves[1][0]:
        last = min(halves[0][0], key=lambda name: weight[name])
        halves[0][0].discard(last)
        halves[1][0].add(last)
    return halves[0][0], halves[1][0]
