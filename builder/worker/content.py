"""What one target's folder holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from .contents.distributions import Distribution
from .request import Target
from .resolve.lock import Lock, Pin
from .slim.options import Saved


@dataclass
class Content:
    """What one target's folder holds, as far as the manifest says."""

    target: Target
    prefix: str
    found: list[Distribution] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    locked: Lock = field(default_factory=lambda: Lock(()))
    saved: tuple[Saved, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What was installed and is not in the layer, with the option that left it out."""
    sealed: Mapping[str, bytes] = field(default_factory=dict)
    """The SHA-256 of each file by its name in the layer, before any of its modules was imported."""
    builds: tuple[Pin, ...] = ()
    """What builds needed: build backends and their requirements."""
