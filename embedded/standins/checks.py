"""Checks of a configuration, as data: each returns what it refuses.

Values that are not known yet are never refused: Terraform checks again when they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from embedded.standins.errors import ProviderError
from embedded.standins.schema import Block
from embedded.standins.values import UNKNOWN, State, Value, at

Check = Callable[[State], Iterator[ProviderError]]

ARN = re.compile(r"arn:aws[\w-]*:[a-zA-Z0-9-]+:[\w-]*:(\d{12}|aws|)?:\S+")
"""An Amazon Resource Name (AWS general reference, "Amazon Resource Names")."""


def _each(path: str, refused: Callable[[Value], str | None]) -> Check:
    """Check every value at ``path``; ``refused`` says what is wrong with one."""

    def check(config: State) -> Iterator[ProviderError]:
        for where, value in at(config, path):
            for item in value if isinstance(value, list) else [value]:
                reason = None if item is None or item is UNKNOWN else refused(item)
                if reason:
                    yield ProviderError(f"Invalid value for {path}", reason, path=where)

    return check


def one_of(path: str, *allowed: str | int) -> Check:
    """Allow only the given values."""
    listed = ", ".join(str(value) for value in allowed)
    return _each(path, lambda value: None if value in allowed else f"{value!r} is none of {listed}")


def between(path: str, low: int, high: int | None = None) -> Check:
    """Allow only numbers in the range, both ends included."""

    def refused(value: Value) -> str | None:
        if value >= low and (high is None or value <= high):
            return None
        return f"{value} is not in the range {low} to {'any' if high is None else high}"

    return _each(path, refused)


def matches(path: str, pattern: str, expected: str) -> Check:
    """Allow only strings that match the whole pattern."""
    compiled = re.compile(pattern)
    return _each(
        path, lambda value: None if compiled.fullmatch(value) else f"{value!r} is not {expected}"
    )


def length(path: str, low: int, high: int) -> Check:
    """Allow only strings or lists of a length in the range."""

    def check(config: State) -> Iterator[ProviderError]:
        for where, value in at(config, path):
            if not low <= len(value) <= high:
                detail = f"its length is {len(value)}, and must be {low} to {high}"
                yield ProviderError(f"Invalid value for {path}", detail, path=where)

    return check


def arn(path: str) -> Check:
    """Allow only ARNs."""
    return _each(path, lambda value: None if ARN.fullmatch(value) else f"{value!r} is not an ARN")


def json_object(path: str) -> Check:
    """Allow only strings that hold a JSON object."""

    def refused(value: Value) -> str | None:
        try:
            document = json.loads(value)
        except ValueError as error:
            return f"it contains invalid JSON: {error}"
        return None if isinstance(document, dict) else "it is JSON, but not an object"

    return _each(path, refused)


def conflicts(*names: str) -> Check:
    """Allow at most one of the top-level arguments."""

    def check(config: State) -> Iterator[ProviderError]:
        given = _given(config, names)
        if len(given) > 1:
            detail = f"{given[0]} conflicts with {', '.join(given[1:])}"
            yield ProviderError("Conflicting configuration arguments", detail, path=(given[0],))

    return check


def exactly_one(*names: str) -> Check:
    """Ask for exactly one of the top-level arguments."""
    at_most = conflicts(*names)

    def check(config: State) -> Iterator[ProviderError]:
        yield from at_most(config)
        if not _given(config, names):
            detail = f"one of {', '.join(names)} must be specified"
            yield ProviderError("Invalid combination of arguments", detail, path=(names[0],))

    return check


def together(*names: str) -> Check:
    """Ask for all of the top-level arguments, or none."""

    def check(config: State) -> Iterator[ProviderError]:
        given = _given(config, names)
        if given and len(given) < len(names):
            detail = f"all of {', '.join(names)} must be specified"
            yield ProviderError("Missing required argument", detail, path=(given[0],))

    return check


def _given(config: State, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if config.get(name) not in (None, [])]


def unconfigurable(block: Block) -> Check:
    """Refuse values for attributes that only the provider sets."""

    def check(config: State) -> Iterator[ProviderError]:
        for name, attribute in block.attributes.items():
            if not attribute.optional and attribute.computed and config.get(name) is not None:
                yield ProviderError(
                    "Value for unconfigurable attribute",
                    f"{name} is decided by the provider and cannot be set",
                    path=(name,),
                )

    return check
