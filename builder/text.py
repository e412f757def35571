"""Words in messages: lists that stay short, numbers with their nouns."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 10
"""How many functions are named in one line."""


def some(words: Sequence[str]) -> str:
    """Return the first of the words, and how many more there are."""
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more} more" if more > 0 else "")


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"
