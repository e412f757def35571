"""Types, defaults and rules of variables, from the table of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from builder.spec.checks import DESCRIPTION_LIMIT
from builder.spec.field import Field, Place
from builder.spec.fields import fields_in
from builder.spec.kinds import BOOLEAN, COUNT, STRING, Kind
from builder.spec.schema import CONTENTS
from builder.spec.service_fields import MEMORY, Form, Whole
from hcl.syntax import Raw, expression

ARCHITECTURE, ARCHITECTURES = "architecture", "architectures"
"""layers.toml takes a word or a list of words for ``architecture``; a Terraform type is one of
them, so the list has a name of its own."""

TEXTS = {
    ARCHITECTURE: "`arm64` or `x86_64`",
    ARCHITECTURES: "both architectures, with `split`: one layer each, in place of `architecture`",
    "requirements": "requirements files",
}
"""What is said of an attribute where its type is not that of layers.toml."""

ScalarTypes = {STRING: "string", BOOLEAN: "bool", COUNT: "number"}

LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def type_of(field: Field) -> str:
    """Return the type of a key's value."""
    return "string" if field.name == ARCHITECTURE else _type(field.kind)


def _type(kind: Kind) -> str:
    return ScalarTypes.get(kind, "list(string)")


def attributes(place: Place) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and text of each attribute of a layer, of ``defaults`` or of an index.

    What ``defaults`` can say has its default there.
    """
    for field in fields_in(place).values():
        of_service = place is Place.SERVICE
        text = field.text if of_service else TEXTS.get(field.name, field.text)
        yield field.name, _optional(field, place), LINK.sub(r"\1", text)
        if field.name == ARCHITECTURE and not of_service:
            yield ARCHITECTURES, "optional(list(string))", TEXTS[ARCHITECTURES]


def _optional(field: Field, place: Place) -> str:
    if field.name == "codeartifact":
        return f"optional({object_type(Place.CODEARTIFACT)})"
    if field.required and place in (Place.CODEARTIFACT, Place.VPC, Place.SERVICE):
        return type_of(field)
    elsewhere = place is Place.LAYER and field.name in fields_in(Place.DEFAULTS)
    if field.name == "licences":
        table = object_type(Place.LICENCES)
        return f"optional({table})" if elsewhere else f"optional({table}, {{}})"
    if field.default is None or elsewhere:
        return f"optional({type_of(field)})"
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"optional({type_of(field)}, {expression(default)})"


def object_type(place: Place) -> str:
    """Return the type of a table of layers.toml."""
    rows = {name: Raw(type_) for name, type_, _ in attributes(place)}
    return f"object({expression(rows)})"


def rules(place: Place) -> Iterator[tuple[str, str]]:
    """Yield conditions on ``each`` table and what they expect, in words.

    They see one table, as ``each``.
    """
    for field in fields_in(place).values():
        words = expression(list(field.words))
        if isinstance(field.rule, Whole):
            given, least, most = f"each.{field.name}", field.rule.least, field.rule.most
            yield (
                f"{given} >= {least} && {given} <= {most} && floor({given}) == {given}",
                f"{field.name} is a whole number from {least} to {most}",
            )
        elif isinstance(field.rule, Form):
            form = expression(f"^(?:{field.rule.pattern.pattern})?$")
            yield f"can(regex({form}, each.{field.name}))", f"{field.name} is {field.rule.expected}"
        elif field.kind is COUNT and place is not Place.SERVICE:
            yield (
                f"each.{field.name} == null || try(each.{field.name} >= "
                f"{0 if place is Place.DEFAULTS else 1} && floor(each.{field.name}) == "
                f"each.{field.name}, false)",
                f"{field.name} is a whole number, 1 or more",
            )
        elif field.words:
            also = field.name == ARCHITECTURE and place is not Place.SERVICE
            names = [field.name, *[ARCHITECTURES] * also]
            for name in names:
                given = f"each.{name}"
                is_list = name == ARCHITECTURES or type_of(field) != "string"
                items = f"coalesce({given}, [])" if is_list else f"compact([{given}])"
                yield (
                    f"length(setsubtract({items}, {words})) == 0",
                    f"{name} {'has only' if is_list else 'is one of'} {', '.join(field.words)}",
                )
    if place is Place.LAYER:
        yield from _rules_of_layers()
    if place is Place.SERVICE:
        yield from _rules_of_services()


def _rules_of_layers() -> Iterator[tuple[str, str]]:
    given = [
        f"each.{n} != null"
        if type_of(fields_in(Place.LAYER)[n]) == "string"
        else f"length(each.{n}) > 0"
        for n in CONTENTS
    ]
    yield " || ".join(given), f"at least one of {', '.join(CONTENTS)} is there"
    yield (
        "length(each.extras) == 0 || each.package != null",
        "extras are those of a package; those of dependencies go into the requirement",
    )
    yield (
        f"length(each.description) <= {DESCRIPTION_LIMIT}",
        f"the description has at most {DESCRIPTION_LIMIT} characters",
    )


def _rules_of_services() -> Iterator[tuple[str, str]]:
    # A word more, so that an empty command has one, too.
    arguments = 'slice(concat(each.command, [""]), 1, length(each.command) + 1)'
    yield (
        f'can(regex("[{{]port[}}]", join(" ", {arguments})))',
        "the command says in an argument, with {port}, on which port to listen",
    )
    yield "length(compact(each.command)) == length(each.command)", "no word of the command is empty"
    named = "[each.layer, each.image_tag, each.image]"
    yield f"length(compact({named})) == 1", "there is one of layer, image_tag and image"
    sizes = expression({str(cpu): Raw(_range(sizes)) for cpu, sizes in MEMORY.items()})
    yield (
        f"contains(try({' '.join(sizes.split())}[tostring(each.cpu)], []), each.memory)".replace(
            ") ", "), "
        ).replace("] ", "], "),
        "Fargate has tasks with that cpu and memory",
    )
    yield '(each.vpc != "") == (length(each.subnets) > 0)', "there are vpc and subnets, or neither"
    yield "length(distinct(each.subnets)) == length(each.subnets)", "each subnet is named once"


def _range(sizes: Sequence[int]) -> str:
    """Return numbers as an expression."""
    step = sizes[-1] - sizes[-2]
    if list(sizes) == list(range(sizes[0], sizes[-1] + 1, step)):
        return f"range({sizes[0]}, {sizes[-1] + 1}, {step})"
    return expression(list(sizes))
