"""Lists of an account that many tests share: every page of them."""

from __future__ import annotations

from typing import Any


def every(client: Any, operation: str, **parameters: Any) -> list[Any]:
    """Return what a list operation names, from all pages.

    The tests of a session share one account, so the first page may hold only what others made.
    """
    pages = client.get_paginator(operation).paginate(**parameters)
    found: list[Any] = []
    for page in pages:
        for key in pages.result_keys:
            found += key.search(page) or []
    return found
