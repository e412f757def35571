"""The tables of the module's README: what it takes and gives, as the registry shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from builder.spec.field import Place
from hcl.attributes import attributes
from hcl.syntax import Attribute, Block, Raw, expression

BEGIN, END = "<!-- from the constructs: make module -->\n", "<!-- end -->\n"

TABLES = {
    Place.LAYER: "`layers`: the attributes of each",
    Place.DEFAULTS: "`defaults`",
    Place.INDEX: "`indexes`: the attributes of each",
    Place.SERVICE: "`services`: the attributes of each",
    Place.VPC: "`vpc`",
}

SHORT = {
    "layers": "map(object)",
    "indexes": "map(object)",
    "services": "map(object)",
    "defaults": "object",
    "vpc": "object",
}
"""Types that have a table of their own."""

ROLES = "list(object)"
"""The type of what has the provider's names."""


def page(old: str, variables: Iterable[Block], outputs: Iterable[Block]) -> str:
    """Return the page with the tables between its two marks as they should be.

    Raise ValueError when the marks are not there.
    """
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page does not have the lines {BEGIN!r} and {END!r}")
    return before + begin + "".join(_tables(variables, outputs)) + "\n" + end + after


def _tables(variables: Iterable[Block], outputs: Iterable[Block]) -> Iterator[str]:
    yield "\n## Inputs\n\n"
    yield from _table(("name", "description", "type", "default"), map(_input, variables))
    for place, title in TABLES.items():
        yield f"\n### {title}\n\n"
        rows = [(f"`{name}`", text, f"`{type_}`") for name, type_, text in _flat(place)]
        yield from _table(("attribute", "", "type"), rows)
    yield "\n## Outputs\n\n"
    yield from _table(
        ("name", "description"), ((f"`{b.labels[0]}`", _of(b)["description"]) for b in outputs)
    )


def _flat(place: Place) -> Iterator[tuple[str, str, str]]:
    for name, type_, text in attributes(place):
        yield name, " ".join(type_.split()), text


def _input(variable: Block) -> tuple[str, ...]:
    name, arguments = variable.labels[0], _of(variable)
    type_ = SHORT.get(name, arguments["type"])
    type_ = ROLES if type_.startswith("list(object") else type_
    default = f"`{expression(arguments['default'])}`" if "default" in arguments else "required"
    return f"`{name}`", arguments["description"], f"`{type_}`", default


def _of(block: Block) -> dict[str, str]:
    found = {}
    for item in block.body:
        if isinstance(item, Attribute):
            value = item.value
            found[item.name] = value.text if isinstance(value, Raw) else value
    return found


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"
