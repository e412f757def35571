"""What is known of one key of layers.toml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from builder.spec.checks import Check
from builder.spec.indexes import Index
from builder.spec.kinds import Kind


class Place(Enum):
    """A table of layers.toml that keys stand in, as it is written there."""

    FILE = "the top of layers.toml"
    APP = "[app]"
    BACKEND = "[app.backend]"
    VPC = "[app.vpc]"
    DEFAULTS = "[defaults]"
    LAYER = "[layers.NAME]"
    LICENCES = "[layers.NAME.licences]"
    INDEX = "[indexes.NAME]"
    CODEARTIFACT = "[indexes.NAME.codeartifact]"
    SERVICE = "[services.NAME]"


Rule = Callable[[Check, str, Any], Any]
"""Takes a key and its value, returns what the spec holds; raises SpecError if it is wrong."""

Describe = Callable[[Any], object]
"""Makes of a value in the spec what a JSON document says of it."""


@dataclass(frozen=True)
class Field:
    """One key of layers.toml.

    ``places`` are the tables that it may stand in, ``example`` is a value as TOML, and ``text`` is
    its documentation: what it says, in Markdown. ``default`` is what the spec holds when the key is
    nowhere, which a ``required`` key must not be. ``words`` are the values that there are, if they
    can be listed.

    ``rule`` checks the value in the spec; without one, the spec does not have the key.
    ``attribute`` is its name there if that is another one.

    ``fingerprint`` makes what the fingerprint has of it, None if a change of it does not build the
    layer again. With ``only_if_set`` nothing is there for layers that do not use the key: a key
    that comes later must be so, or all layers of all users are built again. ``request`` makes what
    request.json has of it under the same name, None if the worker does not need it.
    """

    name: str
    places: tuple[Place, ...]
    kind: Kind
    example: str
    text: str
    default: Any = None
    required: bool = False
    rule: Rule | None = None
    attribute: str = ""
    fingerprint: Describe | None = None
    only_if_set: bool = False
    request: Describe | None = None
    words: tuple[str, ...] = ()

    @property
    def in_spec(self) -> str:
        """The name of the attribute that holds the value in the spec."""
        return self.attribute or self.name

    def checked(self, check: Check, value: Any) -> Any:
        """Return a value as the spec holds it; raise SpecError if it is wrong."""
        if self.rule is None or (value is None and self.default is None and not self.required):
            return value
        return self.rule(check, self.name, value)


def as_it_is(value: Any) -> object:
    """Describe a value by itself."""
    return value


def addresses(indexes: tuple[Index, ...]) -> object:
    """Describe indexes without names, users and secrets, which do not change what is in them."""
    return [index.address for index in indexes]


def described(indexes: tuple[Index, ...]) -> object:
    """Describe indexes by what the worker needs to ask them."""
    return [index.describe() for index in indexes]
