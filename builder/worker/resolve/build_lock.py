"""The lock of what builds need: build backends and their requirements, with hashes.

Which these are is known only when something is built. So uv may build with nothing but what is in
this lock (``--require-build-hashes``), says what it lacks, and is asked again once that was
resolved: outside of the cage, from wheels alone. What a backend asks for is a stranger's text: it
is taken as names of distributions with versions, and as nothing else.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, List, Mapping

from ..process import Outcome
from . import lock
from .lock import Pin

NO_HASH = "no trusted hash was provided for"
LACKING = re.compile(r"No solution found when resolving: ((?:`[^`]+`(?:, )?)+)")
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][\w.-]*( ?\[[\w., -]*\])?([ ,<>=!~*+()'\";][\w.,<>=!~*+ ()'\";-]*)?"
)
"""Of what a build may ask for. Neither URLs, which may name variables of the environment, nor
options."""

MOST = 40
"""Times that a run may lack something: each finds one build's requirements at least."""

IDLE = 10.0
"""Seconds in which uv does nothing until it is ended. Where one of several builds at a time lacks
something, uv waits for itself for ever (seen with uv 0.13.9)."""
ANSWER = 30.0
"""Seconds that uv waits for an index before it asks again (uv reference, ``UV_HTTP_TIMEOUT``)."""

SAYING = ("pyproject.toml", "setup.py")
LEGACY = "setuptools>=40.8.0"
"""What builds a source that does not say it (PEP 517, "Source trees")."""

SYSTEM = re.compile(r"(?ms)^[ \t]*\[build-system\](.*?)(?=^[ \t]*\[|\Z)")
REQUIRES = re.compile(r"(?m)^[ \t]*requires\s*=\s*\[((?:\s*(?:\"[^\"\n]*\"|'[^'\n]*'|,|#[^\n]*))*)")
QUOTED = re.compile(r"#[^\n]*|\"([^\"\n]*)\"|'([^'\n]*)'")

Compile = Callable[[Path, Path], Outcome]
"""Resolves a file of requirements into another, from wheels alone."""


class BuildLock:
    """What builds of one target may use; ``file`` has it for uv."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.pins: List[Pin] = []
        self._asked: dict[str, None] = {}
        self._told: set[str] = set()
        self.file.write_text("", encoding="utf-8")

    def options(self) -> List[str]:
        """Return the options that let uv use nothing else."""
        hashed = ["--require-build-hashes", "--preview-features", "build-dependency-hashes"]
        return ["--build-constraints", str(self.file), *hashed]

    def extend(self, asked: List[str], options: List[str], compiled: Compile) -> bool:
        """Add what a build lacks; return whether there is more in the lock than before.

        ``options`` say where else to look than in the machine's own indexes.
        """
        new = [text for text in asked if REQUIREMENT.fullmatch(text) and text not in self._asked]
        if len(new) < len(asked):
            return False
        self._asked.update(dict.fromkeys(new))
        source, found = (self.file.with_suffix(suffix) for suffix in (".in", ".resolved"))
        lines = [*options, *self._asked]
        source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        if not compiled(source, found).ok:
            return False
        pins = lock.parse(found.read_text(encoding="utf-8")).pins
        if not all(pin.hashed for pin in pins):
            return False
        self.pins = list(pins)
        self.file.write_text(self.text(), encoding="utf-8")
        return True

    def untold(self, needed: List[str]) -> List[str]:
        """Return what is needed and not locked, and was not returned before: it is told once."""
        new = [text for text in needed if text not in self._told]
        self._told.update(new)
        return new

    def said_by(self, cache: Path, project: Path) -> List[str]:
        """Return what sources say that builds them, and was not asked for yet.

        Those are meant that uv has in its cache, and the project's own.
        """
        files = [
            file
            for name in SAYING
            for file in (*cache.glob(f"sdists-*/**/src/{name}"), *project.rglob(name))
        ]
        found = dict.fromkeys(text for file in sorted(files) for text in _required(file))
        return [text for text in found if REQUIREMENT.fullmatch(text) and text not in self._asked]

    def text(self) -> str:
        """Return the lock as a file of requirements."""
        return "".join(f"{pin.line}\n" for pin in self.pins)


def _required(file: Path) -> List[str]:
    """Return what a source is built with, by its pyproject.toml, or as one that only has setup.py.

    It is a stranger's text, and need not be TOML.
    """
    if file.name == "setup.py":
        return [] if file.with_name("pyproject.toml").is_file() else [LEGACY]
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:
        return []
    system = SYSTEM.search(text)
    listed = REQUIRES.search(system[1]) if system else None
    if listed is None:
        return [LEGACY]
    return [one or other for one, other in QUOTED.findall(listed[1]) if one or other]


def patience(environment: Mapping[str, str]) -> float:
    """Return after how many seconds a uv that does nothing cannot be waiting for an index."""
    given = environment.get("UV_HTTP_TIMEOUT", "")
    return IDLE + (float(given) if given.isdecimal() else ANSWER)


def lacking(outcome: Outcome) -> List[str]:
    """Return the requirements that a build has no hashes for."""
    said = re.sub(r"\s+", " ", outcome.output)
    if outcome.ok or NO_HASH not in said:
        return []
    found = [re.findall(r"`([^`]+)`", match) for match in LACKING.findall(said)]
    return sorted({text for texts in found for text in texts})
