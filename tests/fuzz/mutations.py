"""Documents that are almost right: a valid one with some values, keys or bytes changed."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

Json = Any

NASTY = (
    "",
    "\x00",
    "a\nb",
    "x\n--index-url http://evil.example/",
    "\x1b]52;c;AAAA\x07",
    "../../etc/passwd",
    "/etc/passwd",
    "${path.module}",
    "%{ if true }",
    "$(id)",
    "http://[",
    "git+http://[#a",
    "file:///etc/passwd",
    "1.0\n2.0",
    "-r",
    "--hash=",
    "é\u202e",
    "9" * 5000,
    "a" * 5000,
    "**",
    "[",
    "python_version < ",
    "python_version < 'x'",
    "extra == 'a' and nothing",
)
"""Texts that readers take for something else than a text."""

scalars = st.one_of(
    st.sampled_from(NASTY),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
deep = st.integers(50, 3000).map(lambda depth: Nested("[" * depth + "]" * depth))


class Nested(str):
    """A value that is written as it is, because no dump would nest so deeply."""

    __slots__ = ()


def _places(document: Json) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys or positions."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        keys = range(len(node)) if isinstance(node, list) else list(node)
        for key in keys:
            found.append((node, key))
            if isinstance(node[key], dict | list):
                waiting.append(node[key])
    return found


@st.composite
def documents(draw: st.DrawFn, seed: Json) -> Json:
    """Return a document with one to three changes."""
    document = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(document)
        if not places:
            break
        node, key = places[draw(st.integers(0, len(places) - 1))]
        change = draw(st.sampled_from(("value", "value", "remove", "twice", "key", "deep")))
        if change == "value":
            node[key] = draw(values)
        elif change == "remove":
            del node[key]
        elif change == "twice" and isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        elif change == "key" and isinstance(node, dict):
            node[draw(st.one_of(st.sampled_from(NASTY), st.text(max_size=5)))] = draw(values)
        elif change == "deep":
            node[key] = draw(deep)
    return document


@st.composite
def contents(draw: st.DrawFn, seed: bytes) -> bytes:
    """Return bytes with one to three places changed."""
    content = bytearray(seed)
    tokens = [*(text.encode() for text in NASTY), b"\xff", b"\r", b'"', b"\xff" * 8, b"[" * 3000]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        gone = draw(st.one_of(st.just(0), st.integers(0, 16), st.integers(0, len(content))))
        content[at : at + gone] = draw(st.one_of(st.sampled_from(tokens), st.binary(max_size=8)))
    return bytes(content)


def as_json(value: Json) -> bytes:
    """Write JSON, also what is none: infinities, halves of surrogate pairs, any depth."""
    return _written(value, ": ", lambda key: json.dumps(key)).encode("utf-8", "surrogatepass")


def as_toml(document: Json) -> bytes:
    """Write TOML, a table a line; what TOML has no word for is left out."""
    lines = [
        f"{json.dumps(key)} = {_written(value, ' = ', json.dumps)}"
        for key, value in document.items()
        if value is not None
    ]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _written(value: Json, sign: str, name: Any) -> str:
    if isinstance(value, Nested):
        return str(value)
    toml = sign == " = "
    if isinstance(value, dict):
        pairs = [
            f"{name(key)}{sign}{_written(each, sign, name)}"
            for key, each in value.items()
            if not (toml and each is None)
        ]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return (
            "["
            + ", ".join(_written(v, sign, name) for v in value if not toml or v is not None)
            + "]"
        )
    if isinstance(value, float) and toml:
        return repr(value)
    return json.dumps(value)
