"""Rules for the packages of a layer: how old they are, and under which licences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from builder.spec.checks import Check

AGE = re.compile(
    r"[1-9]\d{0,4} (hour|day|week)s?"
    r"|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?"
)
"""What uv takes for an age or a moment (uv reference, ``exclude-newer``), as far as it is needed:
months and years are no lengths of time for uv either."""

LICENCE = re.compile(r"[A-Za-z0-9][\w.+,()/-]*( [\w.+,()/-]+)*", re.ASCII)
"""An SPDX identifier, or what a package says in the place of one (``BSD License``)."""

LONGEST = 120


@dataclass(frozen=True)
class Licences:
    """SPDX identifiers: ``allow`` are the only ones, unless it is empty; ``deny`` go before."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.deny)


def age(check: Check, key: str, value: Any) -> str:
    """Take an age such as ``7 days``, or a moment; raise SpecError for anything else."""
    if not check.text(key, value) or AGE.fullmatch(value):
        return str(value)
    raise check.error(
        key,
        f"{value!r} is neither an age nor a moment",
        "an age in hours, days or weeks, a day, or a moment with its time zone",
        f'write for example {key} = "7 days", or {key} = "2026-01-31"',
    )


def licences(check: Check, key: str, value: Any) -> Licences:
    """Take rules for licences; raise SpecError for what cannot be SPDX identifiers."""
    if isinstance(value, Licences):
        value = asdict(value)
    if not isinstance(value, Mapping) or not set(value) <= {"allow", "deny"}:
        raise check.error(
            key,
            f"{key} is {value!r}",
            "a table with allow, deny or both, each a list of SPDX identifiers",
            f'write for example {key} = {{ deny = ["AGPL-3.0-only"] }}',
        )
    lists = {name: check.several(f"{key}.{name}", words) for name, words in value.items()}
    for name, words in lists.items():
        for word in words:
            operators = {"AND", "OR"} & set(word.split())
            if operators or len(word) > LONGEST or not LICENCE.fullmatch(word):
                raise check.error(
                    f"{key}.{name}",
                    f"{word!r} is no identifier of a licence",
                    "SPDX identifiers such as MIT, Apache-2.0 or GPL-3.0-only, without AND and OR",
                )
    return Licences(**lists)


def as_table(found: Licences) -> dict[str, list[str]]:
    """Describe rules for licences; their order does not matter."""
    return {name: sorted(words) for name, words in asdict(found).items() if words}
