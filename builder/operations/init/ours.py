"""The layers that Terraform in a folder builds already with this very project.

The commands read a layers.toml, and a call of the module (docs/module.md) or a stack of one's own
(docs/constructs.md) has none: what it says is taken from there, so that names and fingerprints are
the same. Of HCL literal values alone are read; a stack is read as it was synthesized.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.operations.init.draft import DraftLayer, read
from builder.operations.init.terraform_files import Block, blocks
from builder.spec.field import Field, Place
from builder.spec.fields import default, fields_in

MODULE_FILES = ("layers.tf", "specs.tf", "described")
"""What lies in a copy of our module."""

LOCAL = ("./", "../")
NAME = "lambda-layer"
"""What the source of our module has in its name where it is not a folder."""

PROJECT = "-layers"
"""What follows the application's name in the name of its CodeBuild project."""

SAME = {"architectures": "architecture"}
"""Keys of the module that layers.toml has by another name."""

ROOT = "${path.module}/../../.."
"""The folder of main.py, as a stack in cdktf.out/stacks/NAME names it."""


@dataclass(frozen=True)
class Ours:
    """An application that is built already; ``app`` is empty where it is not literal."""

    origin: str
    app: str
    layers: tuple[DraftLayer, ...]
    remarks: tuple[str, ...] = ()


def ours(root: Path) -> Ours | None:
    """Return the first application that the folder's own Terraform builds, None for none."""
    return next((found for found in (*_calls(root), *_stacks(root)) if found.layers), None)


def _calls(root: Path) -> Iterator[Ours]:
    for path in sorted(root.glob("*.tf")):
        for block in blocks(read(path)):
            if block.kind == "module" and _is_ours(root, block):
                yield _call(f"{path.name}, module.{'.'.join(block.labels)}", block)


def _is_ours(root: Path, block: Block) -> bool:
    source = block.value("source")
    if source.startswith(LOCAL):
        return all((root / source / name).exists() for name in MODULE_FILES)
    return NAME in source and "layers" in block.values


def _call(origin: str, block: Block) -> Ours:
    app = block.literal("app")
    remarks = [] if isinstance(app, str) else [f"{origin}: app is computed there; name it here"]
    usual, given = block.literal("defaults"), block.literal("layers")
    if given is None or not isinstance(given, dict):
        return Ours(origin, "", ())
    layers = tuple(
        _layer(name, origin, {**(usual if isinstance(usual, dict) else {}), **keys})
        for name, keys in given.items()
        if isinstance(keys, dict)
    )
    return Ours(origin, app if isinstance(app, str) else "", layers, tuple(remarks))


def _stacks(root: Path) -> Iterator[Ours]:
    for path in sorted(root.glob("cdktf.out/stacks/*/cdk.tf.json")):
        try:
            document = json.loads(read(path) or "{}")
            hooks = document["data"]["external"].values()
            queries = [hook["query"] for hook in hooks if hook["program"][-2:] == ["hook", "plan"]]
            yield from (_stack(path.relative_to(root).as_posix(), query) for query in queries)
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            continue  # of another program, or of another version


def _stack(origin: str, query: Mapping[str, str]) -> Ours:
    project = query["project"]
    if "${" in project or not project.endswith(PROJECT):
        return Ours(origin, "", ())  # made of a layers.toml, which is elsewhere
    names = [key.removesuffix(".spec") for key in query if key.endswith(".spec")]
    layers = tuple(
        _layer(name, origin, json.loads(query[f"{name}.spec"]))
        for name in names
        if query[f"{name}.root"] == ROOT
    )
    return Ours(origin, project.removesuffix(PROJECT), layers)


def _layer(name: str, origin: str, said: Mapping[str, Any]) -> DraftLayer:
    known = fields_in(Place.LAYER)
    given = {
        SAME.get(key, key): value for key, value in said.items() if SAME.get(key, key) in known
    }
    remarks = [
        f"{name}: {key} is not literal there; write it here"
        for key, value in given.items()
        if (key == "indexes" and value) or (value is None and not _may_be_null(known[key]))
    ]
    python, architecture = given.pop("python", None), given.get("architecture")
    if isinstance(architecture, str):
        del given["architecture"]  # lists of targets stay, for split
    return DraftLayer(
        name,
        origin,
        {k: v for k, v in given.items() if k != "indexes" and not _usual(k, v)},
        tuple(python) if isinstance(python, list) else (),
        architecture if isinstance(architecture, str) else "",
        tuple(remarks),
    )


def _may_be_null(field: Field) -> bool:
    return field.default is None and not field.required


def _usual(key: str, value: Any) -> bool:
    """Whether a key says what it says when it is nowhere."""
    if isinstance(value, dict):
        return not any(value.values())
    usual = default(key)
    return value is None or value == (list(usual) if isinstance(usual, tuple) else usual)
