"""What is said of a size, and when it is certain."""

from __future__ import annotations

from collections.abc import Collection

from builder.spec.runtimes import UNZIPPED_LIMIT

FITS, CLOSE, TOO_LARGE, UNKNOWN = "fits", "close", "too large", "unknown"
NOT_PREDICTED = "not predicted"

MARGIN = 0.02
"""The prediction's error is below this (docs/size-analysis.md): so much above, it cannot fit."""


def cannot_fit(size: int, slim: Collection[str]) -> bool:
    """Return whether so many bytes are too large whatever the prediction's error is."""
    # What stripping symbols saves is known only when it is built.
    return "symbols" not in slim and size * (1 - MARGIN) > UNZIPPED_LIMIT
