"""What a provider does for one type of resource or data source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import ClassVar, Generic, TypeVar

from embedded.standins.checks import Check
from embedded.standins.values import State, Value

M = TypeVar("M")


@dataclass(frozen=True)
class Facts:
    """What no schema says about a type. Names are dotted paths: ``cache.type``.

    ``defaults`` are planned when the configuration says nothing. A change of ``force_new`` replaces
    the object. ``computed_blocks`` are known after apply, and then kept, when they are not
    configured; ``kept_blocks`` are not removed by removing them from the configuration. Attributes
    in ``json`` are equal when the documents are. ``checks`` refuse what the real provider refuses.
    """

    defaults: Mapping[str, Value] = field(default_factory=dict)
    force_new: tuple[str, ...] = ()
    computed_blocks: tuple[str, ...] = ()
    kept_blocks: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


class Resource(ABC, Generic[M]):
    """A type of resource; ``M`` is what configuring the provider made (its credentials)."""

    facts: ClassVar[Facts] = Facts()

    def plan(self, meta: M, prior: State | None, planned: State, config: State) -> None:
        """Change ``planned`` where the type has rules of its own."""

    def prepare(self, meta: M, planned: State) -> None:
        """Change ``planned`` before it is applied, where more is known then."""

    @abstractmethod
    def create(self, meta: M, planned: State) -> State:
        """Make the object and return its state."""

    @abstractmethod
    def read(self, meta: M, state: State) -> State | None:
        """Return the state as it is now, or None when the object is gone."""

    @abstractmethod
    def update(self, meta: M, prior: State, planned: State) -> State:
        """Change the object and return its state."""

    @abstractmethod
    def delete(self, meta: M, state: State) -> None:
        """Remove the object; it is no error if it is gone already."""


class DataSource(ABC, Generic[M]):
    """A type of data source."""

    checks: ClassVar[tuple[Check, ...]] = ()

    @abstractmethod
    def read(self, meta: M, config: State, interrupted: Event) -> State:
        """Return the data; ``interrupted`` is set when nobody waits for it any more."""
