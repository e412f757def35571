"""Tax rates, from the table that comes with the package."""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def rates() -> dict[str, Decimal]:
    """Return the tax rate of each category."""
    text = resources.files("receipts").joinpath("rates.csv").read_text(encoding="utf-8")
    return {row["category"]: Decimal(row["rate"]) for row in csv.DictReader(text.splitlines())}


def tax_rate(category: str) -> Decimal:
    """Return the rate of a category; what has none of its own is taxed as other."""
    return rates().get(category, rates()["other"])
