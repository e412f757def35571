from __future__ import annotations

from dataclasses import replace

import pytest

from builder.sizes.graph import Graph
from builder.sizes.model import FileSize, LayerSize, PackageSize, TargetSize
from builder.sizes.together import Together
from builder.spec.runtimes import Target


def layer(size: int, unknown: str = "", targets: int = 1) -> LayerSize:
    one = TargetSize(
        Target("3.12", "arm64"),
        "python",
        (PackageSize("a", "1", size, size, 1, unknown),),
        (FileSize("a.py", "a", size, size),),
        Graph(("a",), ("a",), ()),
    )
    return LayerSize("web", (one,) * targets)


@pytest.mark.parametrize(
    ("size", "unknown", "verdict"),
    [
        (209_715_200, "", "fits"),
        (209_715_201, "", "close"),
        (262_144_000, "", "close"),
        (262_144_001, "", "too large"),
        (1, "compiled", "unknown"),
        (262_144_001, "compiled", "too large"),
    ],
)
def test_the_verdict_is_about_lambdas_limit(size: int, unknown: str, verdict: str) -> None:
    assert layer(size, unknown).verdict == verdict


def test_the_targets_of_one_layer_are_counted_together() -> None:
    found = layer(140_000_000, targets=2)
    assert found.size == 280_000_000
    assert found.verdict == "too large"


@pytest.mark.parametrize(
    ("others", "verdict"),
    [(0, "fits"), (109_715_200, "fits"), (109_715_201, "close"), (162_144_001, "too large")],
)
def test_the_other_layers_of_its_function_count(others: int, verdict: str) -> None:
    shared = Together("api", ("web", "data"), 100_000_000 + others)
    found = replace(layer(100_000_000), shared=shared)
    assert (found.verdict, found.others, found.room) == (verdict, others, 262_144_000 - others)
