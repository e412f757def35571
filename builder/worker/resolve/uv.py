"""uv, the installer: the pinned one of ``.tools/``, called for a target."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Sequence

from .. import tools
from ..log import Log
from ..process import Outcome, run, run_split, with_retries
from ..request import Target

EPOCH = "315532800"
"""1980-01-01, the first day a zip can hold: wheels built here carry this time."""


def version() -> str:
    """Return the pinned version of uv."""
    return tools.version("uv")


def find(bundle: Path) -> Path:
    """Return the uv that ``tools`` installed; raise BuildError when it did not run."""
    program = tools.program(bundle)
    if program.is_file():
        return program
    raise tools.missing("uv", program)


@dataclass(frozen=True)
class Uv:
    """uv, ready to be called in one folder with one interpreter.

    ``cache`` is empty at first: uv believes what it finds there, and nothing that code of strangers
    could have written is believed.
    """

    program: Path
    cwd: Path
    python: str
    log: Log
    cache: Path

    def at(self, cwd: Path) -> Uv:
        """Return the same uv for another folder."""
        return replace(self, cwd=cwd)

    def with_cache(self, cache: Path) -> Uv:
        """Return the same uv with another cache."""
        return replace(self, cache=cache)

    def compile(self, arguments: Sequence[str], target: Target) -> Outcome:
        """Resolve: ``uv pip compile`` for the target."""
        command = ["pip", "compile", *self._common(), *for_target(target), *arguments]
        return with_retries(lambda: self._run(command), log=self.log)

    def install(self, arguments: Sequence[str], items: Sequence[str], target: Target) -> Outcome:
        """Install: ``uv pip install --no-deps`` for the target, of all items."""
        command = [str(self.program), "pip", "install", "--no-deps"]
        command += [*self._common(), *for_target(target), *arguments]
        outcome = with_retries(
            lambda: run_split(command, items, log=self.log, cwd=self.cwd, env=self._environment()),
            log=self.log,
        )
        return self._as_user_knows(outcome)

    def build_wheel(self, source: Path, out: Path, extra: dict[str, str]) -> Outcome:
        """Build the wheel of one source folder with its own PEP 517 backend."""
        command = ["build", "--wheel", *self._common(), "--out-dir", str(out), str(source)]
        return with_retries(lambda: self._run(command, extra), log=self.log)

    def _common(self) -> list[str]:
        return ["--python", self.python, "--no-python-downloads", "--no-progress"]

    def _run(self, command: Sequence[str], extra: dict[str, str] | None = None) -> Outcome:
        outcome = run(
            [str(self.program), *command],
            log=self.log,
            cwd=self.cwd,
            env={**self._environment(), **(extra or {})},
        )
        return self._as_user_knows(outcome)

    def _environment(self) -> dict[str, str]:
        return {**environment(), "UV_CACHE_DIR": str(self.cache)}

    def _as_user_knows(self, outcome: Outcome) -> Outcome:
        """Return the outcome with paths relative to the project, as the user knows them."""
        return replace(outcome, output=outcome.output.replace(f"{self.cwd}/", ""))


def for_target(target: Target) -> list[str]:
    """Return the options that make uv choose for the target, never for this machine."""
    return ["--python-version", target.python, "--python-platform", target.platform]


def environment() -> dict[str, str]:
    """Return the environment for uv: the build's own, less what would change its answers."""
    ours = {"NO_COLOR": "1", "SOURCE_DATE_EPOCH": EPOCH, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**{k: v for k, v in os.environ.items() if k not in _MISLEADING}, **ours}


_MISLEADING = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_TARGET"}
"""These point uv, or the interpreter it starts, at packages that are not the layer's."""
