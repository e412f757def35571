"""Read documents that others may have written: limits first, then values of declared types."""

from __future__ import annotations

import functools
import json
import math
import os
import stat
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST = 32 << 20
"""Bytes of a document: the inputs of 100,000 files have 15 MB."""

DEEPEST = 60
"""Levels of lists and tables in each other; ours have five."""

GREATEST = 2**63
"""Whole numbers are below: sizes, times and counts of others are, too."""

SHOWN = 80
"""Characters of a value in a message."""

SCALARS: Mapping[Any, tuple[str, tuple[type, ...]]] = {
    str: ("a text", (str,)),
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
}
"""What each type is called, and the types that a reader of JSON or TOML gives for it."""


class Malformed(ValueError):
    """A document is not what it has to be; the text says where and why, in one line."""


@dataclass(frozen=True, kw_only=True)
class Extensible:
    """A table that newer versions of this program may have given more keys.

    ``unknown`` has those keys as they were read; :func:`plain` writes them again.
    """

    unknown: Mapping[str, Any] = field(default_factory=dict, hash=False)


def read_json(content: bytes | str, *, largest: int = LARGEST) -> Any:
    """Return what a JSON document says; raise Malformed for what is none or is beyond the limits.

    Keys that stand twice, numbers that are not finite and halves of surrogate pairs are refused:
    JSON parsers differ in what they make of them (RFC 8259, sections 4, 6 and 8.2).
    """
    text = _text(content, largest)
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise _too_deep() from None
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(f"it is not JSON: {error}") from error
    _check_limits(found)
    return found


def read_toml(content: bytes | str, *, largest: int = LARGEST) -> dict[str, Any]:
    """Return what a TOML document says; raise Malformed for what is none or beyond the limits.

    A byte order mark, which some editors put first, is left out.
    """
    text = _text(content, largest).removeprefix("\ufeff")
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # also a number of more digits than Python takes
        raise Malformed(f"it is not TOML: {error}") from error
    _check_limits(found)
    return found


def content_of(path: Path, largest: int = LARGEST) -> bytes:
    """Return a file's content; raise OSError, or Malformed for what is no file or is too large.

    A pipe is not waited for, and a device that never ends is not read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise Malformed("it is no regular file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > largest else file.read(largest + 1)
    if max(size, len(content)) > largest:
        raise Malformed(f"it has {max(size, len(content)):,} bytes, at most {largest:,} are read")
    return content


def typed(kind: type[T], value: Any, at: str = "") -> T:
    """Return a value of a document as a value of a type; raise Malformed when it is of another.

    The type is a scalar, a dataclass, a tuple of one type, a mapping from texts, or one of these
    or None. A dataclass takes a table that has its fields by name: those without a default must be
    there, and there may be no others unless it is Extensible. ``at`` says where the value stands.
    """
    return cast(T, _typed(kind, value, at))


def plain(value: Any) -> Any:
    """Return a value of declared types as what JSON can hold: the reverse of :func:`typed`."""
    if is_dataclass(value) and not isinstance(value, type):
        known = {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        unknown = known.pop("unknown") if isinstance(value, Extensible) else {}
        return {**known, **unknown}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _typed(kind: Any, value: Any, at: str) -> Any:
    form, inner = _form(kind)
    if form is None:
        return None if value is None else _typed(inner, value, at)
    if form is tuple:
        if not isinstance(value, list):
            raise _wrong(value, at, "a list")
        return tuple(_typed(inner, each, f"{at}[{i}]") for i, each in enumerate(value))
    if form is dict:
        table = _table(value, at)
        return {key: _typed(inner, each, _below(at, key)) for key, each in table.items()}
    if form is object:
        return value
    if form is dataclass:
        return _made(kind, _table(value, at), at)
    return _scalar(kind, value, at)


@functools.cache
def _form(kind: Any) -> tuple[Any, Any]:
    """Return what a type is, and of what: None for a value or None, object for anything.

    A record is read many times in a release, and typing takes its time to say this.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (some,) = (each for each in arguments if each is not type(None))
        return None, some
    if origin is tuple:
        return tuple, arguments[0]
    if origin in (Mapping, dict):
        return dict, arguments[1]
    if kind in (object, Any):
        return object, None
    return (dataclass if is_dataclass(kind) else "scalar"), None


def _scalar(kind: Any, value: Any, at: str) -> Any:
    name, allowed = SCALARS[kind]
    # True is an int in Python.
    if type(value) not in allowed or (kind is int and abs(value) >= GREATEST):
        raise _wrong(value, at, name)
    return value


def _made(kind: Any, table: Mapping[str, Any], at: str) -> Any:
    hints = _hints(kind)
    unknown = {key: value for key, value in table.items() if key not in hints}
    if unknown and not issubclass(kind, Extensible):
        raise Malformed(f"{_below(at, next(iter(unknown)))} is unknown")
    for name in _needed(kind):
        if name not in table:
            raise Malformed(f"{_below(at, name)} is missing")
    known = {
        key: _typed(hints[key], value, _below(at, key))
        for key, value in table.items()
        if key in hints
    }
    return kind(**known, **({"unknown": unknown} if unknown else {}))


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    names = [each.name for each in fields(kind)]
    # What is unknown has no name of its own: a key of that name is as unknown as any other.
    return {n: hints[n] for n in names if n != "unknown" or not issubclass(kind, Extensible)}


@functools.cache
def _needed(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields without a default."""
    return tuple(
        each.name
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    )


def _table(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(value, at, "a table")
    return value


def _below(at: str, key: str) -> str:
    name = key if len(key) <= SHOWN and key.isprintable() else repr(key[:SHOWN])
    return f"{at}.{name}" if at else name


def _wrong(value: Any, at: str, expected: str) -> Malformed:
    shown = repr(value)
    shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
    return Malformed(f"{at or 'it'} is {shown}, not {expected}")


def _text(content: bytes | str, largest: int) -> str:
    if len(content) > largest:
        raise Malformed(f"it has {len(content):,} bytes, at most {largest:,} are read")
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"it is not UTF-8: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a key stands twice in one object")
    return found


def _no_number(name: str) -> Any:
    raise Malformed(f"{name} is no number")


def _too_deep() -> Malformed:
    return Malformed(f"it is nested more than {DEEPEST} levels deep")


def _check_limits(document: Any) -> None:
    """Raise Malformed for what is nested too deeply, no finite number, or no text of Unicode."""
    level = [document]
    for _ in range(DEEPEST):
        if not level:
            return
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following += value.keys()
                following += value.values()
            elif isinstance(value, list):
                following += value
            else:
                _check_scalar(value)
        level = following
    raise _too_deep()


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Malformed("a text has half of a surrogate pair") from None
    elif isinstance(value, float) and not math.isfinite(value):
        raise Malformed("a number is not finite")
