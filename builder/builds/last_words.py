"""What the worker said of its failure: the error at the end of a build's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = "ERROR: "
FIX = "  fix:"
NEEDS = "  needs:"
INDENT = " " * 12
"""How builder/worker/errors.py sets out an error: its sentence, then ``where``, ``expected`` and
``fix`` with their later lines indented; builder/worker/compute.py adds ``needs``."""


@dataclass(frozen=True)
class LastWords:
    """The worker's error: ``what`` failed in one sentence, and the ``fix`` it advises, or "".

    ``needs`` is what the machine may lack, "" when the error is the same on every machine.
    """

    what: str
    fix: str = ""
    needs: str = ""


def last_words(lines: Sequence[str]) -> LastWords | None:
    """Return the last error of the worker in a log, or None if it wrote none.

    Programs that it runs write such lines too; its own comes last.
    """
    starts = [number for number, line in enumerate(lines) if line.startswith(BEGIN)]
    if not starts:
        return None
    start = starts[-1]
    what = lines[start].removeprefix(BEGIN).strip()
    rest = lines[start + 1 :]
    return LastWords(what, _fix(rest), _needs(rest)) if what else None


def _needs(lines: Sequence[str]) -> str:
    found = [line.removeprefix(NEEDS).strip() for line in lines if line.startswith(NEEDS)]
    return found[-1] if found else ""


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
