"""Receipts as text tables; needs the extra ``tables``."""

from __future__ import annotations

from tabulate import tabulate

from receipts.model import Receipt


def table(receipt: Receipt) -> str:
    """Return the receipt's lines with their total as a table."""
    rows = [(line.item, line.quantity, line.net, line.tax) for line in receipt.lines]
    rows.append(("Total", "", "", f"{receipt.total} {receipt.currency}"))
    return str(tabulate(rows, headers=("Item", "Quantity", "Net", "Tax")))
