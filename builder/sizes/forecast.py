"""A forecast: what a plan says of a layer's size."""

from __future__ import annotations

from dataclasses import dataclass

from builder.documents import Malformed, read_json, typed


@dataclass(frozen=True)
class Row:
    """A package with its version, and its bytes unzipped."""

    name: str
    size: int


@dataclass(frozen=True)
class Forecast:
    """What is foreseen of a layer: bytes unzipped and zipped, and the verdict.

    ``why`` says why nothing is foreseen, ``passing`` whether that may pass (an index that does not
    answer). ``certain`` says that a layer cannot fit whatever the prediction's error is. ``table``
    has the largest packages, ``advice`` what to do.
    """

    size: int = 0
    packed: int = 0
    verdict: str = ""
    certain: bool = False
    why: str = ""
    passing: bool = False
    table: tuple[Row, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def known(self) -> int | None:
        """Bytes unzipped at least, None when nothing is foreseen."""
        return None if self.why else self.size

    @classmethod
    def from_json(cls, text: str) -> Forecast | None:
        """Read what was kept, or return None for anything else."""
        try:
            return typed(cls, read_json(text))
        except Malformed:
            return None
