"""A draft as the text of a layers.toml, with comments for who reads it first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from builder.operations.init.draft import Draft, DraftLayer
from builder.spec.schema import DIRECTIVE

COLUMN = 34
"""Where comments behind a key begin."""


def text_of(draft: Draft, *, schema: bool = True) -> str:
    """Return the text; with ``schema`` its first line names the schema beside it."""
    lines = [DIRECTIVE] if schema else []
    lines += [
        "# The Lambda layers of this project. Every key: lambda-layer explain KEY",
        *_built(draft),
        "",
        "[app]",
        _line("name", draft.app, "names the bucket, the CodeBuild project and the layers"),
        _hint("region", "eu-west-1", "without it: AWS_REGION, or the profile's"),
        *_state(draft),
        "",
        "[defaults]",
        _line("python", draft.python, "the runtimes of the functions that use the layers"),
        _line("architecture", draft.architecture, "and their architecture: x86_64 or arm64"),
    ]
    for layer in draft.layers:
        lines += ["", *_layer(layer)]
    lines += [
        "",
        "# What a layer can say besides:",
        _hint("functions", ("my-function",), "moved to each new version"),
        _hint("exclude", ("tests/",), "left out, as in a .gitignore"),
        _hint("slim", ("metadata", "stubs", "tests", "boto"), "boto: Lambda has it"),
        _hint("keep", 5, "versions left after each release"),
    ]
    if draft.all_remarks:
        lines += ["", "# To look at:", *(_comment(f"- {text}") for text in draft.all_remarks)]
    return "\n".join(lines) + "\n"


def _built(draft: Draft) -> list[str]:
    if not draft.built_by:
        return []
    return [
        _comment(f"{draft.built_by} builds them: change both alike, and build with Terraform."),
        "# This file is for status, logs, watch, diff, prune, rollback and the like.",
    ]


def _state(draft: Draft) -> Iterator[str]:
    if draft.built_by:
        return  # what builds them has a state of its own
    where = {"bucket": "my-state", "key": draft.app, "region": "eu-west-1", "use_lockfile": True}
    yield "# Terraform's state is a file beside this one, for one person. In S3, with a lock:"
    yield "# " + f"backend = {_value(where)}"


def _layer(layer: DraftLayer) -> Iterator[str]:
    yield _comment(f"From {layer.origin}.")
    yield f"[layers.{layer.name}]"
    keys = dict(layer.keys)
    if layer.python:
        keys["python"] = layer.python
    if layer.architecture:
        keys["architecture"] = layer.architecture
    yield from (f"{key} = {_value(value)}" for key, value in keys.items())


def _line(key: str, value: Any, comment: str) -> str:
    return f"{key} = {_value(value)}".ljust(COLUMN - 1) + f" # {comment}"


def _hint(key: str, value: Any, comment: str) -> str:
    return "# " + f"{key} = {_value(value)}".ljust(COLUMN - 3) + f" # {comment}"


def _comment(text: str) -> str:
    # TOML allows no control characters in comments, and a new line would end one.
    return "# " + "".join(c if c.isprintable() else "?" for c in text)


def _value(value: Any) -> str:
    if isinstance(value, str):
        # TOML's basic strings are JSON's, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else str(value)
