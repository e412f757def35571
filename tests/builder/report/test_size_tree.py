from __future__ import annotations

import json
from itertools import pairwise

import pytest

from builder.report import size_tree
from builder.sizes.graph import Edge, Graph
from builder.sizes.model import FileSize, LayerSize, PackageSize, TargetSize
from builder.spec.runtimes import Target

TARGET = Target("3.12", "arm64")
SIZES = {"chroma": 3_000_000, "onnx": 128_000_000, "sympy": 72_000_000, "numpy": 50_000_000}
EDGES = (
    Edge("chroma", "onnx", "onnx>=1"),
    Edge("chroma", "numpy", "numpy"),
    Edge("onnx", "sympy", "sympy", "all"),
    Edge("onnx", "numpy", "numpy<3"),
)


def layer() -> LayerSize:
    packages = tuple(PackageSize(name, "1.0", size, size, 1) for name, size in SIZES.items())
    files = tuple(FileSize(f"{name}/a.so", name, size, size) for name, size in SIZES.items())
    graph = Graph(tuple(SIZES), ("chroma",), EDGES)
    return LayerSize(
        "web", (TargetSize(Target("3.12", "arm64"), "python", packages, files, graph),)
    )


def test_the_tree_shows_each_package_and_what_goes_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size_tree.show_trees([layer()])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "web: python3.12 on arm64, 253.0 MB"
    assert "chroma 1.0  3.0 MB, 253.0 MB with all that only it needs" in lines[1]
    assert "onnx 1.0  128.0 MB, 200.0 MB with all that only it needs" in lines[2]
    assert "sympy 1.0  72.0 MB (extra all)" in lines[3]
    assert sum("numpy" in line for line in lines) == 2


def test_why_says_what_it_costs_and_for_whom_it_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size_tree.show_why([layer()], "sympy")
    out = capsys.readouterr().out
    assert "sympy 1.0: 72.0 MB on python3.12 on arm64" in out
    assert "only because of onnx, then chroma" in out
    assert "chroma → onnx → sympy" in out
    size_tree.show_why([layer()], "onnx")
    assert "without it 200.0 MB would go: itself, and sympy 72.0 MB" in capsys.readouterr().out
    size_tree.show_why([layer()], "numpy")
    assert "only because of chroma" in capsys.readouterr().out
    size_tree.show_why([layer()], "chroma")
    assert "the layer itself asks for it" in capsys.readouterr().out


def test_machines_read_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    size_tree.show_why_json([layer()], "onnx")
    (found,) = json.loads(capsys.readouterr().out)
    assert found["exclusive_size"] == 200_000_000
    assert found["exclusive"] == ["onnx", "sympy"]
    assert found["needed_by"] == [{"name": "chroma", "requirement": "onnx>=1", "extra": None}]
    assert found["ways"] == [["chroma", "onnx"]]


def test_a_long_chain_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    names = tuple(f"p{number}" for number in range(300))
    edges = tuple(Edge(a, b, b) for a, b in pairwise(names))
    packages = tuple(PackageSize(name, "1", 10, 10, 1) for name in names)
    target = TargetSize(
        Target("3.12", "arm64"), "python", packages, (), Graph(names, ("p0",), edges)
    )
    size_tree.show_why([LayerSize("web", (target,))], "p299")
    assert "p298" in capsys.readouterr().out
