"""What a plan knows of a layer before sizes are asked for: light, as every plan hook imports it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.spec.layer_spec import LayerSpec


@dataclass(frozen=True)
class Candidate:
    """A layer of a plan: whether another is to be built, and the bytes unzipped of its release.

    ``fingerprint`` stands for its inputs.
    """

    spec: LayerSpec
    root: Path
    fingerprint: str
    due: bool
    released: int | None = None
