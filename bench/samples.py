"""What is built: three layers, from small to as large as Lambda allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One layer's requirements."""

    name: str
    requirements: tuple[str, ...]


SMALL = Sample("small", ("click", "python-dateutil", "pyyaml"))
MEDIUM = Sample("medium", ("numpy", "pandas", "pydantic", "requests", "cryptography"))
LARGE = Sample("large", ("numpy", "pandas", "scipy", "scikit-learn", "pillow"))
SAMPLES = {sample.name: sample for sample in (SMALL, MEDIUM, LARGE)}
