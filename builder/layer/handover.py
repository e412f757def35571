"""How far the functions of a layer have come to a release: what the record remembers of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from builder.documents import Extensible
from builder.spec.function_entries import Scope
from builder.text import count, some

REMEMBERED = 500
"""Functions that are remembered of those that were looked for: to move more takes so many calls
that another list of all does not count."""


@dataclass(frozen=True)
class Handover(Extensible):
    """The functions that ``entries`` meant were moved to release ``number``, but for ``failed``.

    ``failed`` says why each was not, ``behind`` which version of the layer other functions are on,
    as it was when the moving ended. ``found`` are those that had to be looked for and have the
    layer now: the next release moves them without a look.
    """

    number: int
    entries: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    found: tuple[str, ...] = ()


def owed(handover: Handover | None, number: int, entries: Sequence[str]) -> str:
    """Say what a release still owes the functions of its layer, "" when it is nothing.

    ``number`` is the release's, ``entries`` what ``functions`` says now.
    """
    if not entries:
        return ""
    if handover is None or handover.number != number:
        return "the functions were not all moved to it yet"
    failed = _wanted(handover.failed, entries)
    if failed:
        reasons = [f"{function} ({why})" for function, why in sorted(failed.items())]
        return f"{count(len(failed), 'function was', 'functions were')} not moved: {some(reasons)}"
    added = [entry for entry in entries if entry not in handover.entries]
    return f"functions has been given {some(added)} since" if added else ""


def left_behind(handover: Handover | None, number: int, version: int) -> str:
    """Name the functions on another version that no entry means, "" when there are none."""
    if handover is None or handover.number != number or not handover.behind:
        return ""
    found = [f"{name} (version {used})" for name, used in sorted(handover.behind.items())]
    return (
        f"on another version when {version} was published, "
        f"and not named in functions: {some(found)}"
    )


def _wanted(failed: Mapping[str, str], entries: Sequence[str]) -> Mapping[str, str]:
    """Leave out functions that were taken off the list since."""
    scope = Scope.of(entries)
    if scope.searches:
        return failed
    return {name: why for name, why in failed.items() if name in scope.named}
