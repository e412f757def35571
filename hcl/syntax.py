"""Write values, attributes and blocks in Terraform's language, as `terraform fmt` lays them out.

Text is what it is in Terraform's JSON: a template, in which ``${`` begins an expression (Terraform
docs, "JSON Configuration Syntax", "Expressions").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
INDENT = "  "


@dataclass(frozen=True)
class Raw:
    """An expression, as it is to be written."""

    text: str


@dataclass(frozen=True)
class Block:
    """A block: its type, its labels, attributes by name, blocks and comments in their order."""

    type: str
    labels: tuple[str, ...] = ()
    body: Sequence[Item] = ()
    comment: str = ""


@dataclass(frozen=True)
class Attribute:
    """An attribute; ``comment`` stands above it."""

    name: str
    value: Any
    comment: str = ""


@dataclass(frozen=True)
class Space:
    """An empty line."""


Item = Attribute | Block | Space


@dataclass
class _Lines:
    """Lines of one body; ``pairs`` are those whose equals signs are still to be aligned."""

    done: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def pair(self, name: str, value: Sequence[str]) -> None:
        """Add an attribute; one of several lines ends what is aligned."""
        if len(value) == 1:
            self.pairs.append((name, value[0]))
            return
        self.flush()
        self.done += [f"{name} = {value[0]}", *value[1:]]

    def flush(self) -> None:
        """Align what is waiting."""
        width = max((len(name) for name, _ in self.pairs), default=0)
        self.done += [f"{name:<{width}} = {value}" for name, value in self.pairs]
        self.pairs.clear()

    def add(self, lines: Sequence[str]) -> None:
        """Add lines that are no attribute."""
        self.flush()
        self.done += lines


def write(items: Sequence[Item]) -> str:
    """Return the text of a file."""
    return "\n".join(_body(items)) + "\n"


def expression(value: Any) -> str:
    """Return a value as an expression of one line or several."""
    return "\n".join(_value(value))


def _body(items: Sequence[Item]) -> list[str]:
    lines = _Lines()
    for place, item in enumerate(items):
        if isinstance(item, Attribute):
            if item.comment:
                above = [""] if place and not isinstance(items[place - 1], Space) else []
                lines.add([*above, *_comment(item.comment)])
            lines.pair(item.name, _value(item.value))
        elif isinstance(item, Space):
            lines.add([""])
        else:
            if place and not isinstance(items[place - 1], Space):
                lines.add([""])
            lines.add(_block(item))
    lines.flush()
    return lines.done


def _block(block: Block) -> list[str]:
    head = " ".join([block.type, *(json.dumps(label) for label in block.labels)])
    return [*_comment(block.comment), f"{head} {{", *_indented(_body(block.body)), "}"]


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines()]


def _value(value: Any) -> list[str]:
    if isinstance(value, Raw):
        return value.text.split("\n")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list | tuple):
        return _list(value)
    return [json.dumps(value)]  # true, false, null and numbers


def _text(text: str) -> list[str]:
    pieces = list(split(text))
    if len(pieces) == 1 and pieces[0][1]:
        return pieces[0][0].split("\n")
    if "\n" in text and not any(is_code for _, is_code in pieces):
        return ["trimspace(<<-EOT", *_indented(text.split("\n")), "EOT", ")"]
    return ['"' + "".join(f"${{{p}}}" if is_code else _escaped(p) for p, is_code in pieces) + '"']


def _escaped(literal: str) -> str:
    return json.dumps(literal, ensure_ascii=False)[1:-1]


def _object(value: Mapping[str, Any]) -> list[str]:
    if not value:
        return ["{}"]
    lines = _Lines()
    for key, item in value.items():
        name = key if IDENTIFIER.fullmatch(key) else "".join(_key(key))
        lines.pair(name, _value(item))
    lines.flush()
    return ["{", *_indented(lines.done), "}"]


def _key(key: str) -> list[str]:
    (text,) = _text(key)
    return [text] if text.startswith('"') else [f"({text})"]


def _list(value: Sequence[Any]) -> list[str]:
    items = [_value(item) for item in value]
    if all(len(lines) == 1 for lines in items):
        line = "[" + ", ".join(lines[0] for lines in items) + "]"
        if len(line) <= 80 or len(items) < 2:
            return [line]
    inner = [line for lines in items for line in [*lines[:-1], lines[-1] + ","]]
    return ["[", *_indented(inner), "]"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [INDENT + line if line else "" for line in lines]


def indented(text: str) -> str:
    """Return a text with each line one step further in; empty lines stay empty."""
    return "\n".join(_indented(text.split("\n")))


def split(template: str) -> Iterator[tuple[str, bool]]:
    """Split a template into its texts and the expressions in it (true).

    ``$${`` stays in the text: it means the same in a quoted template.
    """
    start = place = 0
    while (place := template.find("${", place)) >= 0:
        if template[place - 1 : place] == "$":
            place += 2
            continue
        if place > start:
            yield template[start:place], False
        end = _end(template, place + 2)
        yield template[place + 2 : end], True
        start = place = end + 1
    if start < len(template) or not template:
        yield template[start:], False


def _end(template: str, place: int) -> int:
    """Return where the brace is that ends an expression."""
    depth, quoted = 0, False
    while True:
        character = template[place]
        if quoted and character == "\\":
            place += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "{}":
            if character == "}" and not depth:
                return place
            depth += 1 if character == "{" else -1
        place += 1
