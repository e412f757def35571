"""What two providers did in the same story, and which differences were reviewed.

``differences.toml`` holds the reviewed ones as data, each with its reason. A difference that is not
there fails, and so does an entry that nothing needs any more.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.convert import MERGED

DIFFERENCES = Path(__file__).with_name("differences.toml")

Address = str


@dataclass(frozen=True)
class Difference:
    """One difference: in what step or of what resource, and what each side has."""

    kind: str
    where: str
    what: str
    ours: Any
    theirs: Any

    @property
    def key(self) -> tuple[str, str, str]:
        """What a reviewed entry must say to be about this difference."""
        return (self.kind, self.where, self.what)

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.where}: {self.what}: "
            f"stand-ins {self.ours!r}, hashicorp/aws {self.theirs!r}"
        )


def shared(changes: Mapping[Address, list[str]]) -> dict[Address, list[str]]:
    """Return changes by address as both providers have them."""
    return {
        address.replace("aws_s3_bucket_object.", "aws_s3_object."): actions
        for address, actions in changes.items()
        if address.partition(".")[0] not in MERGED
    }


OF_RELEASES = frozenset({"lambda:PublishLayerVersion", "s3:PutObject"})
"""Calls that no provider makes: the hook's, or the publisher's if that one is first."""


def writes(step: str, ours: Counter[str], theirs: Counter[str]) -> Iterator[Difference]:
    """Compare how often each call that writes was made in a step."""
    for operation in sorted({*ours, *theirs} - OF_RELEASES):
        if ours[operation] != theirs[operation]:
            yield Difference("writes", step, operation, ours[operation], theirs[operation])


def attributes(
    kind: str, resource_type: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[Difference]:
    """Compare the attributes that both providers have of one resource."""
    for name in sorted({*ours} & {*theirs}):
        if ours[name] != theirs[name]:
            yield Difference(kind, resource_type, name, ours[name], theirs[name])


@dataclass(frozen=True)
class Reviewed:
    """The reviewed differences."""

    entries: tuple[Mapping[str, str], ...]

    @classmethod
    def load(cls, file: Path = DIFFERENCES) -> Reviewed:
        """Read them; each has kind, where, what and why, ``*`` for any step or resource."""
        return cls(tuple(tomllib.loads(file.read_text())["difference"]))

    def unknown(self, found: list[Difference]) -> list[Difference]:
        """Return the differences that no entry is about."""
        return [one for one in found if not any(_is_about(e, one) for e in self.entries)]

    def unneeded(self, found: list[Difference]) -> list[Mapping[str, str]]:
        """Return the entries that no difference needs."""
        return [e for e in self.entries if not any(_is_about(e, one) for one in found)]


def _is_about(entry: Mapping[str, str], difference: Difference) -> bool:
    wanted = (entry["kind"], entry["where"], entry["what"])
    return all(one in ("*", other) for one, other in zip(wanted, difference.key, strict=True))
