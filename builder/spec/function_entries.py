"""Which functions the entries of a layer's ``functions`` mean.

Sources of the facts: AWS Lambda API reference, "UpdateFunctionConfiguration" (names and ARNs);
AWS Lambda developer guide, "Using tags on Lambda functions" (lengths of tags).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

EVERY = "*"
"""Every function of the account and region that uses any version of the layer."""

TAG = "tag:"
"""How an entry begins that means all functions with a tag that use any version of the layer."""

FUNCTION = re.compile(
    r"(arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]{1,64})(?P<qualifier>:[a-zA-Z0-9$_-]+)?"
)
LATEST = ":$LATEST"
KEY_LIMIT, VALUE_LIMIT = 128, 256

EXPECTED = "a function's name or ARN, tag:KEY=VALUE, or * for all that use the layer"


@dataclass(frozen=True)
class Scope:
    """Which functions move: those that are ``named``, and of those that use the layer already
    the ones with a tag, or ``every`` one.
    """

    named: tuple[str, ...]
    tags: frozenset[tuple[str, str]]
    every: bool

    @classmethod
    def of(cls, entries: Iterable[str]) -> Scope:
        """Read the entries, which :func:`problem` has nothing to say against."""
        named: dict[str, None] = {}
        tags = set()
        every = False
        for entry in entries:
            if entry == EVERY:
                every = True
            elif entry.startswith(TAG):
                key, _, value = entry.removeprefix(TAG).partition("=")
                tags.add((key, value))
            else:
                named[entry.removesuffix(LATEST)] = None
        return cls(tuple(named), frozenset(tags), every)

    @property
    def searches(self) -> bool:
        """Whether functions have to be looked for: not all of them are named."""
        return self.every or bool(self.tags)

    def names(self, name: str, arn: str) -> bool:
        """Whether a function is named."""
        return name in self.named or arn in self.named

    def tagged(self, tags: Mapping[str, str]) -> bool:
        """Whether a function with these tags is meant."""
        return any(tags.get(key) == value for key, value in self.tags)


def problem(entry: str) -> tuple[str, str] | None:
    """Return what is wrong with an entry and what was expected, or None."""
    if entry == EVERY:
        return None
    if entry.startswith(TAG):
        return _tag_problem(entry)
    found = FUNCTION.fullmatch(entry)
    if not found:
        if "*" in entry:
            return f"{entry!r} is a pattern, and * stands alone", EXPECTED
        return f"{entry!r} cannot name a Lambda function", EXPECTED
    if found["qualifier"] not in (None, LATEST):
        # Lambda developer guide, "Versions": a published version never changes.
        return (
            f"{entry!r} names a version or alias, whose layers never change",
            "the function itself, without a version or alias",
        )
    return None


def _tag_problem(entry: str) -> tuple[str, str] | None:
    key, equals, value = entry.removeprefix(TAG).partition("=")
    if not key or not equals:
        return f"{entry!r} does not say key and value of a tag", "tag:KEY=VALUE"
    if len(key) > KEY_LIMIT or len(value) > VALUE_LIMIT:
        return (
            f"{entry!r} is longer than a tag can be",
            f"at most {KEY_LIMIT} characters before the = and {VALUE_LIMIT} after it",
        )
    return None


def region_of(function: str) -> str:
    """Return the region in a function's ARN, "" for a name."""
    found = FUNCTION.fullmatch(function)
    return (found["region"] or "") if found else ""
