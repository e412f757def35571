"""The statuses of a layer in a plan: what its next apply will do."""

from __future__ import annotations

CURRENT = "current"

STALE = "stale"

MISSING = "missing"

FORCED = "forced"

BUILDING = "building"

FAILED = "failed"

UNMOVED = "unmoved"
"""Published, and functions that should be on it are not: the next apply moves them."""

PINNED = "pinned"


INVALID = "invalid"
