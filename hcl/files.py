"""The files of the module that are written from the constructs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hcl.amend import amend
from hcl.blocks import argument, resource
from hcl.layout import LAYERS, MAIN, PUBLISHER
from hcl.names import of_each, put_names
from hcl.outputs import outputs
from hcl.publisher import PREFIX
from hcl.readme import page
from hcl.specs import each, locals_of_specs
from hcl.syntax import Attribute, Block, Item, Space, write
from hcl.template import LAYER, synthesized
from hcl.variables import TABLES, described, variables
from modules.layer.versions import AWS_IN_MODULE, EXTERNAL, TERRAFORM

HEADER = "# Written from the constructs in modules/layer: make module\n"


def files() -> dict[str, str]:
    """Return the text of each file by its name."""
    template = synthesized()
    amend(template)
    found = dict(_resources(template))
    parts = {
        "versions.tf": [_versions()],
        "variables.tf": [*variables()],
        "main.tf": [_shared(template, of_publisher=False), *_ordered(found, MAIN, "build")],
        "publisher.tf": [
            _shared(template, of_publisher=True),
            *(block for address, block in found.items() if _is_of_publisher(address)),
        ],
        "layers.tf": [_described(), _locals(template), *_ordered(found, LAYERS, "layer")],
        "outputs.tf": [*outputs(template)],
        "described/main.tf": [*described(), *(_handed_on(name) for name in TABLES)],
    }
    return {name: f"{HEADER}\n{write(_apart(items))}" for name, items in parts.items()}


def readme_of(old: str) -> str:
    """Return the module's README with its tables as they should be."""
    return page(old, variables(), outputs(synthesized()))


def _handed_on(name: str) -> Block:
    """Return the output of the inner module that has a variable with its type."""
    items = [
        Attribute("description", "With all attributes, those that were left out too"),
        Attribute("value", f"${{var.{name}}}"),
    ]
    return Block("output", (name,), items)


def _described() -> Block:
    given = [Attribute(name, f"${{var.{name}}}") for name in TABLES]
    return Block(
        "module",
        ("described",),
        [Attribute("source", "./described"), Space(), *given],
        "What the caller describes, with the types and defaults of its attributes.",
    )


def _apart(items: list[Block]) -> list[Item]:
    apart: list[Item] = []
    for item in items:
        apart += [item, Space()]
    return apart[:-1]


def _versions() -> Block:
    return Block(
        "terraform",
        (),
        [
            Attribute("required_version", TERRAFORM),
            Block(
                "required_providers",
                (),
                [
                    Attribute("aws", {"source": "hashicorp/aws", "version": AWS_IN_MODULE}),
                    Attribute("external", {"source": "hashicorp/external", "version": EXTERNAL}),
                ],
            ),
        ],
    )


def _ordered(found: dict[str, Block], order: Mapping[str, str], rest: str) -> list[Block]:
    """Return blocks in their order, then those that it does not name, if their names begin so."""
    known = {**MAIN, **LAYERS}
    others = [a for a in found if a not in known and f".{rest}_" in a and not _is_of_publisher(a)]
    return [found[address] for address in (*order, *others)]


def _resources(template: Mapping[str, Any]) -> Iterator[tuple[str, Block]]:
    for kind in ("data", "resource"):
        for type_, named in template[kind].items():
            for name, body in named.items():
                address = f"{type_}.{of_each(name)}"
                comment = {**MAIN, **LAYERS, **PUBLISHER}.get(address, "")
                yield address, resource(kind, type_, name, body, comment)


def _locals(template: Mapping[str, Any]) -> Block:
    found = template["locals"]
    own = {name: text for name, text in found.items() if name.startswith(LAYER)}
    items: list[Item] = [
        *locals_of_specs(),
        *(
            Attribute(
                of_each(name),
                each("name in keys(local.layers)", "name", put_names(text, "name")),
            )
            for name, text in own.items()
        ),
        *(Attribute(name, text) for name, text in found.items() if name.startswith("layer_")),
    ]
    return Block("locals", (), items)


def _shared(template: Mapping[str, Any], *, of_publisher: bool) -> Block:
    of_layers = (LAYER, "layer_")
    shared = {n: t for n, t in template["locals"].items() if not n.startswith(of_layers)}
    own = {n: t for n, t in shared.items() if n.startswith(PREFIX) == of_publisher}
    return Block("locals", (), [Attribute(n, argument(n, t)) for n, t in own.items()])


def _is_of_publisher(address: str) -> bool:
    return f".{PREFIX}" in address
