"""Layers as predictions have them, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.requirements import Requirement

from builder.sizes import graph
from builder.sizes.graph import Metadata
from builder.sizes.model import FileSize, LayerSize, PackageSize, TargetSize
from builder.spec.runtimes import Target

MB = 1_000_000
TARGET = Target("3.12", "arm64")


def sized(
    asked: str, packages: Mapping[str, tuple[int, str]], targets: int = 1, **values: Any
) -> LayerSize:
    """Return a layer of packages by name, each with its megabytes and what it requires."""
    metadata = {name: _metadata(lines) for name, (_, lines) in packages.items()}
    needs = graph.of(packages, [Requirement(line) for line in asked.split("|")], metadata, TARGET)
    unknown = values.pop("unknown", ())
    files, rows = [], []
    for name, (size, _) in packages.items():
        module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-1.0.dist-info"
        files += [FileSize(f"{module}/__init__.py", name, size * MB - 100, size * MB // 4)]
        files += [FileSize(f"{info}/METADATA", name, 100, 50)]
        why = "compiled" if name in unknown else ""
        rows.append(PackageSize(name, "1.0", size * MB, size * MB // 4, 2, why))
    target = TargetSize(TARGET, "python", tuple(rows), tuple(files), needs, **values)
    return LayerSize("web", (target,) * targets)


CHROMA = {
    "chroma": (60, "onnx|kubernetes|numpy"),
    "onnx": (128, "sympy|numpy"),
    "sympy": (72, ""),
    "kubernetes": (75, ""),
    "numpy": (50, ""),
}


def _metadata(lines: str) -> Metadata:
    return Metadata.parse("".join(f"Requires-Dist: {line}\n" for line in lines.split("|")).encode())
