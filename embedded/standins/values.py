"""Terraform's values as Python values, on the wire and in plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Protocol, TypeAlias

import msgpack as untyped_msgpack

msgpack: Any = untyped_msgpack

Value: TypeAlias = Any
"""A value of any type that a schema can name; which one is known only at run time."""

State: TypeAlias = dict[str, Value]
"""The attributes and blocks of one object."""


class Unknown:
    """The value that Terraform shows as ``(known after apply)``."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: dict[int, Value]) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


class Encoded(Protocol):
    """The protocol's DynamicValue: one of two encodings."""

    msgpack: bytes
    json: bytes


def decode(encoded: Encoded) -> Value:
    """Read a value that Terraform sent.

    go-cty writes plain unknowns as extension 0 and refined ones (known prefix, not null ...) as
    extension 12; no provider needs the refinement, so both are unknown.
    """
    if encoded.msgpack:
        return msgpack.unpackb(
            encoded.msgpack, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False
        )
    return json.loads(encoded.json) if encoded.json else None


def encode(value: Value) -> bytes:
    """Write a value as MessagePack, the way go-cty reads it."""
    encoded: bytes = msgpack.packb(value, default=_extension)
    return encoded


def _extension(value: Value) -> Value:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    raise TypeError(f"{type(value).__name__} is no Terraform value")


def known(value: Value) -> Value:
    """Return the value without unknowns: they become null."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item) for item in value]
    return value


def blank(value: Value) -> bool:
    """Return whether Terraform's SDK treats the value as not set.

    The SDK that most resources of hashicorp/aws are made with cannot tell null from a type's zero
    value (Terraform plugin SDK, "Schema Behaviors": GetOk).
    """
    return value is None or (value is not UNKNOWN and value in ("", False, 0, [], {}))


def same_json(one: Value, other: Value) -> bool:
    """Return whether two strings are the same JSON document."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def at(config: Value, path: str) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    """Find the set and known values at a dotted path, through lists of blocks."""
    name, _, rest = path.partition(".")
    value = config.get(name) if isinstance(config, dict) else None
    if value is None or value is UNKNOWN:
        return
    if not rest:
        yield (name,), value
        return
    for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
        step = (name,) if index is None else (name, index)
        for tail, found in at(item, rest):
            yield (*step, *tail), found
