"""Whether an event matches a rule's pattern.

Source: Amazon EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison
operators for use in event patterns". All operators are there but ``cidr``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from builder.errors import LayerError

Operator = Callable[[Any, Any], bool]

ABSENT = object()
"""The value of a field that an event has not."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PatternError(LayerError):
    """EventBridge would not take the pattern, or we do not know what it says."""


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event has all that the pattern asks for; what it has besides does not matter."""
    fields = event if isinstance(event, Mapping) else {}
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
        elif isinstance(wanted, Mapping):
            if not matches(wanted, fields.get(key)):
                return False
        elif isinstance(wanted, list):
            if not _any(wanted, fields.get(key, ABSENT)):
                return False
        else:
            raise _refused(f"{key!r} is neither a list nor an object", wanted)
    return True


def _any(wanted: list[Any], value: Any) -> bool:
    # Of an array in the event, one element that matches is enough.
    values = value if isinstance(value, list) else [value]
    return any(_one(rule, each) for rule in wanted for each in values or [ABSENT])


def _one(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return value is not ABSENT and _equal(rule, value)
    if len(rule) != 1:
        raise _refused("a comparison has one operator", rule)
    ((name, operand),) = rule.items()
    if name not in OPERATORS:
        raise _refused(f"the operator {name!r} is not known", rule)
    if name == "exists":
        return (value is not ABSENT) is bool(operand)
    return value is not ABSENT and OPERATORS[name](operand, value)


def _equal(wanted: Any, value: Any) -> bool:
    # In JSON, true is not 1.
    return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


def _prefix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return _folded(value).startswith(_folded(operand["equals-ignore-case"]))
    return isinstance(value, str) and value.startswith(operand)


def _suffix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return _folded(value).endswith(_folded(operand["equals-ignore-case"]))
    return isinstance(value, str) and value.endswith(operand)


def _ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and _folded(value) == _folded(operand)


def _folded(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else ""


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, inner),) = operand.items()
        several = inner if isinstance(inner, list) else [inner]
        return not any(_one({name: each}, value) for each in several)
    several = operand if isinstance(operand, list) else [operand]
    return not any(_equal(each, value) for each in several)


def _numeric(operand: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(operand[::2], operand[1::2], strict=True)
    return all(COMPARISONS[comparison](value, limit) for comparison, limit in pairs)


def _wildcard(operand: Any, value: Any) -> bool:
    """``*`` is any number of characters, ``\\*`` the character itself."""
    if not isinstance(value, str):
        return False
    start, *rest = str(operand).replace("\\*", "\0").split("*")
    parts = [part.replace("\0", "*") for part in [start, *rest]]
    if len(parts) == 1:
        return value == parts[0]
    if not value.startswith(parts[0]):
        return False
    place = len(parts[0])
    for part in parts[1:-1]:
        found = value.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return value.endswith(parts[-1]) and len(value) - len(parts[-1]) >= place


OPERATORS: dict[str, Operator] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "wildcard": _wildcard,
    "exists": lambda _operand, _value: True,
}


def _refused(what: str, pattern: Any) -> PatternError:
    return PatternError(
        f"the event pattern cannot be used: {what}",
        where=str(pattern),
        expected="a pattern that EventBridge takes, without cidr",
    )
