"""A Lambda function that imports what the example's layers hold, uses it, and says where it is."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

MODULES = ("receipts", "pydantic", "cryptography", "tabulate", "numpy", "PIL")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return version and file of each package, and what the packages made of an example."""
    modules = event.get("modules", MODULES)
    return {
        "packages": {name: describe(name) for name in modules},
        "receipt": signed_receipt() if "receipts" in modules else None,
        "picture": mean_of_picture() if {"numpy", "PIL"} <= set(modules) else None,
    }


def describe(name: str) -> dict[str, str]:
    module = importlib.import_module(name)
    return {"version": getattr(module, "__version__", "?"), "file": str(module.__file__)}


def signed_receipt() -> str:
    from receipts import Line, Receipt, Signer
    from receipts.tables import table

    lines = [Line(item="Bread", price="3.20"), Line(item="Book", price="12", category="books")]
    receipt = Receipt(shop="Corner", issued=dt.date(2025, 1, 2), currency="EUR", lines=lines)
    verified = Signer.generate().sign(receipt).verify()
    return f"{table(receipt)}\nsignature {'verified' if verified else 'WRONG'}"


def mean_of_picture() -> float:
    import numpy
    from PIL import Image

    return float(numpy.asarray(Image.new("L", (8, 8), color=42)).mean())
