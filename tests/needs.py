"""What a test needs of its machine: an embedded AWS (``aws``), the real terraform (``terraform``).

And that it is ``slow``, where that shows. The marks are set by what a test uses, not by hand, so
that `make quick` and `make test` cannot disagree about it: by its fixtures, and by its folder. A
test that starts either without having the mark fails, whoever started it in this process.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from embedded.leash import kept
from tests.syntheses import synthesizes

BY_FIXTURE: Mapping[str, frozenset[str]] = {
    "aws": frozenset({"aws"}),
    "terraform": frozenset({"terraform"}),
    "slow": frozenset(
        {"errors_page", "make_bundle", "sdist", "serve", "submodules", "synthesize", "wheel"}
    ),
}
"""A mark, and the fixtures that give what it means; others get it through these."""

BY_FOLDER: Mapping[str, frozenset[str]] = {"terraform": frozenset({"aws", "terraform"})}
"""The marks of all tests in a folder of this one."""

BY_MODULE: Sequence[tuple[re.Pattern[str], frozenset[str]]] = (
    (re.compile(r"[\w.]+\.(gateway|agent)"), frozenset({"aws"})),
    (re.compile(r"demo\.keeper"), frozenset({"aws"})),
    (re.compile(r"demo(\.hybrid)?|sandbox"), frozenset({"aws", "terraform"})),
)
"""The marks of a test that runs ``python -m`` of a module, whatever package it is in."""


class Unmarked(AssertionError):
    """A test started what it does not say it needs."""


def needs_of(item: pytest.Item) -> set[str]:
    """Return the marks that a test has by its folder and its fixtures."""
    folder = _folder(item.path)
    used = set(getattr(item, "fixturenames", ()))
    found = {mark for mark, names in BY_FIXTURE.items() if used & names}
    return found | BY_FOLDER.get(folder, frozenset()) | ({"slow"} if synthesizes(item) else set())


@cache  # eight thousand tests are in some six hundred files
def _folder(file: Path) -> str:
    return file.relative_to(Path(__file__).parent).parts[0]


def needs_of_command(command: Sequence[str]) -> set[str]:
    """Return the marks that a test must have to run a command.

    Asking terraform for its version is none: doctor copes with a machine that has no terraform.
    """
    words = kept(command) or list(command)
    if Path(words[0]).name == "terraform" and words[1:2] != ["version"] and _is_real(words[0]):
        return {"terraform"}
    found: set[str] = set()
    if "-m" in words[:-1]:
        module = words[words.index("-m") + 1]
        for pattern, marks in BY_MODULE:
            if pattern.fullmatch(module):
                found |= marks
    return found


@cache
def _real() -> Path | None:
    found = shutil.which("terraform")
    return Path(found).resolve() if found else None


def _is_real(program: str) -> bool:
    """Tell the machine's terraform from a script of a test that has its name."""
    found = shutil.which(program)
    return found is not None and Path(found).resolve() == _real()


class Guard:
    """Watches which processes a test starts. An audit hook cannot be removed: one is enough."""

    def __init__(self) -> None:
        self.item: pytest.Item | None = None
        self.missing: list[str] = []
        _real()
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen" or self.item is None:
            return
        command = arguments[1]
        words = [command] if isinstance(command, str | bytes | os.PathLike) else list(command)
        needed = needs_of_command([os.fsdecode(word) for word in words])
        has = {mark.name for mark in self.item.iter_markers()}
        if needed - has:
            said = f"mark it, or use the fixtures: it starts {words[:4]}: {sorted(needed - has)}"
            self.missing.append(said)
            raise Unmarked(said)

    @contextmanager
    def watching(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test; fail it for what it started, even if the error was caught."""
        self.item = item
        self.missing.clear()
        try:
            yield
        finally:
            self.item = None
        if self.missing:
            raise Unmarked("; ".join(self.missing))


GUARD = pytest.StashKey[Guard]()
