"""What the worker said of its failure: the error at the end of a build's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "ERROR: "
FIX = "  fix:"
INDENT = " " * 12
"""How builder/worker/errors.py sets out an error: its sentence, then ``where``, ``expected`` and
``fix`` with their later lines indented."""


@dataclass(frozen=True)
class LastWords:
    """The worker's error: ``what`` failed in one sentence, and the ``fix`` it advises, or ""."""

    what: str
    fix: str = ""


def last_words(lines: Sequence[str]) -> LastWords | None:
    """Return the last error of the worker in a log, or None if it wrote none.

    Programs that it runs write such lines too; its own comes last.
    """
    starts = [number for number, line in enumerate(lines) if line.startswith(BEGIN)]
    if not starts:
        return None
    start = starts[-1]
    what = lines[start].removeprefix(BEGIN).strip()
    return LastWords(what, _fix(lines[start + 1 :])) if what else None


def _fix(lines: Sequence[str]) -> str:
    advice: list[str] = []
    for line in lines:
        if line.startswith(FIX):
            advice = [line.removeprefix(FIX).strip()]
        elif advice and line.startswith(INDENT):
            advice.append(line.strip())
        elif advice:
            break
    return "\n".join(advice)
