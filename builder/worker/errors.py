"""The one error of the worker: what failed, where, what was expected, what to do."""

from __future__ import annotations


class BuildError(Exception):
    """A build cannot go on, and the user can do something about it.

    ``settled`` says that it would end so on every machine, whatever that has.
    """

    def __init__(
        self,
        what: str,
        where: str = "",
        expected: str = "",
        fix: str = "",
        *,
        settled: bool = False,
    ) -> None:
        super().__init__(what)
        self.settled = settled
        self.what = what
        self.where = where
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.what]
        for label, text in (("where", self.where), ("expected", self.expected), ("fix", self.fix)):
            if text:
                indented = text.rstrip().replace("\n", "\n" + " " * 12)
                parts.append(f"  {label + ':':<10}{indented}")
        return "\n".join(parts)
