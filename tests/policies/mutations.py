"""Every way to take an action out of a policy, and to let it reach further than it does."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Mutation:
    """A policy with one change, and what was changed."""

    name: str
    document: Document


def removed(document: Document) -> Iterator[Mutation]:
    """Yield the policy without each of its actions, one at a time.

    What another statement allows on the same resources, or on all, is taken out there, too.
    """
    seen = set()
    for index, statement in enumerate(document["Statement"]):
        on = statement["Resource"]
        for action in statement["Action"]:
            if (action, *on) in seen:
                continue
            seen.add((action, *on))
            changed = copy.deepcopy(document)
            for other in changed["Statement"]:
                if other["Resource"] in (on, ["*"]):
                    other["Action"] = [each for each in other["Action"] if each != action]
            changed["Statement"] = [s for s in changed["Statement"] if s["Action"]]
            yield Mutation(f"{index}: without {action}", changed)


def widened(document: Document) -> Iterator[Mutation]:
    """Yield the policy with each resource widened, and with each condition taken away."""
    for index, statement in enumerate(document["Statement"]):
        where = f"{index}: {', '.join(statement['Action'])}"
        for position, resource in enumerate(statement["Resource"]):
            for wider in _wider(resource):
                changed = copy.deepcopy(document)
                changed["Statement"][index]["Resource"][position] = wider
                yield Mutation(f"{where} on {wider} instead of {resource}", changed)
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                changed = copy.deepcopy(document)
                del changed["Statement"][index]["Condition"][operator][key]
                yield Mutation(f"{where} without the condition {key}", changed)


def _wider(resource: str) -> Iterator[str]:
    """Yield patterns that match all that a resource does, and more."""
    if resource == "*":
        return
    parts = re.split("([:/])", resource)
    service = 4  # "arn", ":", the partition, ":", the service
    for index in range(service + 2, len(parts), 2):
        if parts[index] in (
            "",
            "*",
            "layer",
            "log-group",
            "log-stream",
            "role",
            "project",
            "function",
        ):
            continue
        yield "".join([*parts[:index], "*", *parts[index + 1 :]])  # anything in one place
        if index + 1 < len(parts):
            yield "".join([*parts[:index], "*"])  # anything from there on
    yield "*"
