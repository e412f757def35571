"""The token: the n-th approved build of a layer."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Token:
    """The n-th approved build of a layer: ``<fingerprint>#<n>``."""

    fingerprint: str
    number: int

    def __str__(self) -> str:
        return f"{self.fingerprint}#{self.number}"

    @property
    def tag(self) -> str:
        """The tag of the image that comes of it, where the layer is one."""
        return f"{self.fingerprint}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Token | None:
        """Read a token; None for anything that is none."""
        found = re.fullmatch(r"([0-9a-f]{64})#([0-9]{1,9})", text.strip())
        return cls(found[1], int(found[2])) if found else None
