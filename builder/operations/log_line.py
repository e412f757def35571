"""What a line of a build's log is: CodeBuild's own, a step of the worker, a note, an error."""

from __future__ import annotations

import re
from dataclasses import dataclass

PHASE = "phase"
STEP = "step"
NOTE = "note"
ERROR = "error"
TEXT = "text"

_PHASE = re.compile(r"\[Container\] \S+ \S+ (?P<text>.*)")
_STEP = re.compile(r"\[ *(?P<seconds>\d+\.\d)s\] (?P<text>.*)")
_NOTE = re.compile(r" +NOTE: (?P<text>.*)")
_COUNT = re.compile(r"(?<![\w,])(?P<done>\d[\d,]{0,14}) of (?P<total>\d[\d,]{0,14})\b")


@dataclass(frozen=True)
class Step:
    """What the worker does: its words, when (seconds since its start), and how far it is.

    ``total`` is 0 for a step that does not count.
    """

    text: str
    seconds: float
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class LogLine:
    """One line of a log and what it is; ``step`` is there for those of a step."""

    kind: str
    text: str
    step: Step | None = None


def parse(line: str) -> LogLine:
    """Say what a line is. The worker writes them as builder/worker/log.py does."""
    if found := _PHASE.fullmatch(line):
        return LogLine(PHASE, found["text"])
    if found := _STEP.fullmatch(line):
        return LogLine(STEP, found["text"], _step(found["text"], float(found["seconds"])))
    if found := _NOTE.fullmatch(line):
        return LogLine(NOTE, found["text"])
    if line.startswith("ERROR: "):
        return LogLine(ERROR, line.removeprefix("ERROR: "))
    return LogLine(TEXT, line)


def _step(text: str, seconds: float) -> Step:
    found = _COUNT.search(text)
    if found is None:
        return Step(text, seconds)
    done, total = (int(found[part].replace(",", "")) for part in ("done", "total"))
    return Step(text, seconds, done, total)
