"""Names of distributions."""

from __future__ import annotations

import re


def normalize(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
