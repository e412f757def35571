"""What Terraform's plugin SDK does to plan a change, as a pure function.

Sources of the rules: Terraform plugin SDK documentation, "Schema Behaviors" (Default, Computed,
ForceNew) and "Resource Instance Change Lifecycle" in Terraform's repository: the SDK plans with the
legacy type system, in which null and a type's zero value are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from embedded.standins.resource import Facts
from embedded.standins.schema import Block, NestedBlock
from embedded.standins.values import UNKNOWN, State, Value, blank, same_json


@dataclass(frozen=True)
class Plan:
    """A planned state, and the attributes whose change replaces the object."""

    planned: State
    replace: tuple[str, ...]


def fill(block: Block, facts: Facts, prior: State | None, proposed: State, config: State) -> State:
    """Return ``proposed`` with defaults, and unknowns for what only the provider will know."""
    return _filled(block, facts, proposed, config, prior, "")


def settle(block: Block, facts: Facts, prior: State | None, planned: State) -> Plan:
    """Drop differences that are none to the SDK, and find what forces a replacement."""
    if prior is None:
        return Plan(planned, ())
    settled = {
        name: prior[name] if _same(block, name, prior[name], value) else value
        for name, value in planned.items()
    }
    for name in facts.json:
        if same_json(prior.get(name), settled.get(name)):
            settled[name] = prior[name]
    changed = {name for name, value in settled.items() if value is not prior[name]}
    return Plan(settled, tuple(sorted(changed & set(facts.force_new))))


def _filled(
    block: Block, facts: Facts, proposed: State, config: State, prior: State | None, path: str
) -> State:
    filled = dict(proposed)
    for name, attribute in block.attributes.items():
        if config.get(name) is not None:
            continue
        if path + name in facts.defaults:
            filled[name] = facts.defaults[path + name]
        elif attribute.computed and prior is None and filled.get(name) is None:
            filled[name] = UNKNOWN
    for name, nested in block.blocks.items():
        before = prior.get(name) if prior else None
        if not config.get(name) and path + name in (*facts.computed_blocks, *facts.kept_blocks):
            if prior is not None:
                filled[name] = before
            elif path + name in facts.computed_blocks:
                filled[name] = UNKNOWN
            continue
        filled[name] = _filled_blocks(
            nested, facts, (filled.get(name), config.get(name), before), f"{path}{name}."
        )
    return filled


def _filled_blocks(
    nested: NestedBlock, facts: Facts, values: tuple[Value, Value, Value], path: str
) -> Value:
    proposed, config, prior = values
    if isinstance(proposed, dict):
        return _filled(nested.block, facts, proposed, config or {}, prior, path)
    if not isinstance(proposed, list):
        return proposed
    filled = []
    for index, item in enumerate(proposed):
        # Terraform pairs the items of a list by index. Those of a set have no index, so that what
        # Terraform proposes stands for both sides.
        if nested.nesting == "set":
            own, before = item, (item if prior else None)
        else:
            own, before = _item(config, index), _item(prior, index)
        filled.append(
            _filled(nested.block, facts, item, own or {}, before, path)
            if isinstance(item, dict)
            else item
        )
    return filled


def _item(values: Value, index: int) -> Value:
    return values[index] if isinstance(values, list) and index < len(values) else None


def _same(block: Block, name: str, one: Value, other: Value) -> bool:
    nested = block.blocks.get(name)
    if nested is None:
        attribute = block.attributes[name]
        unordered = isinstance(attribute.type, list) and attribute.type[0] == "set"
        return same(one, other, unordered)
    return _same_blocks(nested, one, other)


def _same_blocks(nested: NestedBlock, one: Value, other: Value) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_same(nested.block, name, one.get(name), other[name]) for name in other)
    if not isinstance(one, list) or not isinstance(other, list):
        return same(one, other)
    if len(one) != len(other):
        return False
    if nested.nesting != "set":
        return all(_same_blocks(nested, a, b) for a, b in zip(one, other, strict=True))
    left = list(other)
    for item in one:
        match = next((found for found in left if _same_blocks(nested, item, found)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def same(one: Value, other: Value, unordered: bool = False) -> bool:
    """Return whether the SDK sees no difference between two values of an attribute."""
    if one is UNKNOWN or other is UNKNOWN:
        return False
    if blank(one) and blank(other):
        return True
    if unordered and isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(item in other for item in one)
    return bool(one == other)
