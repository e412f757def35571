"""uv, the installer: the pinned one of ``.tools/``, called for a target."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Mapping, Sequence

from .. import tools
from ..errors import BuildError
from ..log import Log
from ..process import Outcome, run, run_split, with_retries
from ..request import Target
from ..sandbox import Sandbox, discard, take
from . import build_lock, requirements_text
from .build_lock import BuildLock

if TYPE_CHECKING:
    from .. import relay

NO_BINARY = re.compile(r"^[ \t]*[\"']?no-binary[\"']?\s*=|\bno-binary\s*=\s*\[", re.MULTILINE)

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
    could have written is believed. What may run such code is run apart: in a sandbox, with a cache
    of its own and without the logins of package indexes.

    ``newest`` is the age under which packages are left out, or a moment. It is for what is
    resolved: what is installed later comes from the lock. ``strangers`` are the commands that may
    have run such code so far, also of the same uv for other folders and caches.
    """

    program: Path
    cwd: Path
    python: str
    log: Log
    cache: Path
    locked: BuildLock
    newest: str = ""
    strangers: List[Sequence[str]] = field(default_factory=list)

    def at(self, cwd: Path) -> Uv:
        """Return the same uv for another folder."""
        return replace(self, cwd=cwd)

    def believing(self, empty: Path) -> Uv:
        """Return the same uv with a cache that no code of strangers could write to.

        It is the one that it has, with what the index has said, as long as no such code has run;
        then ``empty``, where nothing is but what was installed from there.
        """
        return replace(self, cache=empty) if self.strangers else self

    def compile(self, arguments: Sequence[str], target: Target, out: Path) -> Outcome:
        """Resolve into the file ``out``: ``uv pip compile`` for the target."""
        command = [*self.compiling(arguments, target), "-o"]
        if builds_nothing(arguments):
            return with_retries(lambda: self._run([*command, str(out)]), log=self.log)
        with self._apart() as apart:
            made = apart.sandbox.folder / out.name
            outcome = apart.run([*command, str(made)])
            if outcome.ok:
                text = apart.relays.named_back(take(made).decode("utf-8", "replace"))
                self._check_lock(text, requirements_text.options(_files(arguments)))
                out.write_text(text, encoding="utf-8")
        return outcome

    def compiling(self, arguments: Sequence[str], target: Target) -> list[str]:
        """Return the words of ``uv pip compile`` for the target, without where it writes."""
        words = ["pip", "compile", *self._common(), *self._age()]
        return [*words, *for_target(target), *arguments]

    def compile_for_builds(self, source: Path, out: Path) -> Outcome:
        """Resolve what builds need on this machine, from wheels alone."""
        command = ["pip", "compile", *self._common(), "--only-binary", ":all:", str(source)]
        command += [*self._age(), "--generate-hashes", "--no-annotate", "--no-header"]
        command += ["-o", str(out)]
        return with_retries(lambda: self._run(command), log=self.log)

    def _check_lock(self, text: str, options: Sequence[tuple[str, str]]) -> None:
        """Refuse a lock that says more than it can: strangers' code ran beside uv.

        Its options are those of the user's files and of the machine, and its lines name no
        variables: what installs from it would put their values into addresses.
        """
        source = self.cache.with_name("options.in")
        found = source.with_suffix(".txt")
        source.write_text("".join(f"{seen}\n" for _, seen in options), encoding="utf-8")
        command = ["pip", "compile", *self._common(), "--only-binary", ":all:", "--no-header"]
        command += ["--emit-index-url", "--emit-find-links", str(source), "-o", str(found)]
        self._run(command)
        known = found.read_text(encoding="utf-8") if found.is_file() else ""
        lines = [line for pair in options for line in pair] + known.splitlines()
        own = {_option(line) for line in lines}
        for line in text.splitlines():
            is_option = line.startswith("-") and not line.startswith(("-e ", "--editable "))
            if "${" in line or (is_option and _option(line) not in own):
                raise BuildError(
                    "what was resolved does not come of the requirements",
                    where=line,
                    expected="the package indexes that the requirements and the layer name",
                    fix="find the package whose build changes what uv resolves",
                )

    def install(self, arguments: Sequence[str], items: Sequence[str], target: Target) -> Outcome:
        """Install wheels: ``uv pip install --no-deps`` for the target, of all items."""
        command = [str(self.program), *self._install(target), *arguments]
        outcome = with_retries(
            lambda: run_split(command, items, log=self.log, cwd=self.cwd, env=self._environment()),
            log=self.log,
        )
        return self._as_user_knows(outcome)

    def install_built(self, arguments: Sequence[str], target: Target, into: Path) -> Outcome:
        """Build from source and install, apart; ``into`` gets files that strangers' code made."""
        with self._apart() as apart:
            made = apart.sandbox.folder / "installed"
            command = [*self._install(target), "--target", str(made), *arguments]
            outcome = apart.run(command)
            if outcome.ok:
                made.rename(into)
        return outcome

    def build_wheel(self, source: Path, out: Path, extra: dict[str, str]) -> Outcome:
        """Build the wheel of one source folder, apart, with its own PEP 517 backend."""
        with self._apart(extra) as apart:
            made = apart.sandbox.folder / "wheels"
            command = ["build", "--wheel", *self._common(), *self._age(), "--out-dir", str(made)]
            command.append(str(source))
            outcome = apart.run(command)
            out.mkdir(parents=True, exist_ok=True)
            for wheel in sorted(made.glob("*.whl")) if outcome.ok else ():
                (out / wheel.name).write_bytes(take(wheel))
        return outcome

    def _install(self, target: Target) -> list[str]:
        return ["pip", "install", "--no-deps", *self._common(), *for_target(target)]

    def _common(self) -> list[str]:
        return ["--python", self.python, "--no-python-downloads", "--no-progress"]

    def _age(self) -> list[str]:
        return ["--exclude-newer", self.newest] if self.newest else []

    def _run(self, command: Sequence[str]) -> Outcome:
        outcome = run(
            [str(self.program), *command], log=self.log, cwd=self.cwd, env=self._environment()
        )
        return self._as_user_knows(outcome)

    @contextmanager
    def _apart(self, extra: Mapping[str, str] | None = None) -> Iterator[_Apart]:
        """Prepare a run of strangers' code; the project's files are afterwards as they were.

        ``extra`` are variables for that code.
        """
        # Only here: a server takes longer to import than the rest of a build of wheels.
        from .. import relay

        folder = Path(tempfile.mkdtemp(prefix="apart-", dir=self.cache.parent))
        sandbox = Sandbox(folder, (self.cwd,))
        try:
            with _unchanged(self.cwd), relay.opened(self._environment()) as relays:
                own = {"UV_CACHE_DIR": str(folder / "uv"), **(extra or {})}
                env = {**sandbox.environment(relays.environment), **own}
                yield _Apart(self, sandbox, relays, env)
        finally:
            discard(folder)

    def _environment(self) -> dict[str, str]:
        return {**environment(), "UV_CACHE_DIR": str(self.cache)}

    def _as_user_knows(self, outcome: Outcome) -> Outcome:
        """Return the outcome with paths relative to the project, as the user knows them."""
        return replace(outcome, output=outcome.output.replace(f"{self.cwd}/", ""))


@dataclass(frozen=True)
class _Apart:
    """uv in a sandbox: its indexes are reached by ways that need no login."""

    uv: Uv
    sandbox: Sandbox
    relays: relay.Relays
    env: Mapping[str, str]

    def run(self, command: Sequence[str]) -> Outcome:
        """Run a command whose builds use what is locked alone; lock what they ask for.

        What cannot be locked is told once, and the command then runs without a lock.
        """
        asked: list[str] = []
        for _ in range(build_lock.MOST):
            outcome, asked = self._locked(command)
            if not asked and not outcome.stuck:
                return outcome
            where = [seen for _, seen in requirements_text.options(_files(command))]
            if not asked or not self.uv.locked.extend(asked, where, self.uv.compile_for_builds):
                break
        needed = self.uv.locked.untold(asked or ["uv does not say what"])
        if needed:
            self.uv.log.note(f"not locked is what this build needs: {', '.join(needed)}")
        return self._once(command)

    def _locked(self, command: Sequence[str]) -> tuple[Outcome, list[str]]:
        """Run a command with the lock; return with its outcome the requirements that it lacks."""
        words = [*command, *self.uv.locked.options()]
        outcome = self._once(words, build_lock.IDLE)
        if outcome.stuck:
            said = self.uv.locked.said_by(self.sandbox.folder / "uv", self.uv.cwd)
            if said:
                return outcome, said
            # An index may be slow to answer.
            outcome = self._once(words, build_lock.patience(self.env))
        return outcome, build_lock.lacking(outcome)

    def _once(self, words: Sequence[str], idle: float = 0.0) -> Outcome:
        """Run uv in the sandbox; one that does nothing for ``idle`` seconds is ended (0: never)."""
        program = self.sandbox.command([str(self.uv.program), *words])
        self.uv.strangers.append(words)
        log, cwd = self.uv.log, self.uv.cwd
        outcome = with_retries(
            lambda: run(program, log=log, cwd=cwd, env=self.env, shown=words, idle=idle), log=log
        )
        said = self.relays.named_back(outcome.output)
        return self.uv._as_user_knows(replace(outcome, output=said))


@contextmanager
def _unchanged(folder: Path) -> Iterator[None]:
    """Put a folder back as it was."""
    place = Path(tempfile.mkdtemp(prefix="saved-", dir=folder.parent))
    saved = place / "saved"
    shutil.copytree(folder, saved, symlinks=True)
    try:
        yield
    finally:
        # Not emptied: what is in it may be such that it cannot be.
        folder.rename(place / "changed")
        saved.rename(folder)
        discard(place)


def _files(words: Sequence[str]) -> list[Path]:
    """Return the files of requirements among the words of a command; an interpreter is none."""
    named = [word for at, word in enumerate(words) if at == 0 or words[at - 1] != "--python"]
    return [Path(word) for word in named if word.startswith("/") and Path(word).is_file()]


def _option(line: str) -> tuple[str, str]:
    """Return an option's long name and its value, however it is written."""
    name, _, value = line.strip().replace("=", " ", 1).partition(" ")
    long = {"-i": "--index-url", "-f": "--find-links"}.get(name, name)
    return long, value.strip().rstrip("/")


def check_settings(project: Path) -> None:
    """Refuse settings of uv that let it build what we have it install as wheels, not in a sandbox.

    ``[tool.uv.pip] no-binary`` goes before the command line (seen with uv 0.13.9).
    """
    for file in (project / "pyproject.toml", project / "uv.toml"):
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        if NO_BINARY.search(text):
            raise BuildError(
                f"{file.name} has uv build packages from source for everything that it installs",
                where="no-binary, under [tool.uv.pip]",
                expected="--no-binary NAME in a requirements file, or no-binary-package",
                fix="take the setting out, and name the packages there",
            )


def builds_nothing(arguments: Sequence[str]) -> bool:
    """Whether uv gets no leave to build anything, so that no strangers' code can run.

    Files of requirements can give it, too, against what the command line says.
    """
    only_wheels = "--only-binary :all:" in " ".join(arguments) and "--no-binary" not in arguments
    return only_wheels and not requirements_text.says(_files(arguments), "--no-binary")


def for_target(target: Target) -> list[str]:
    """Return the options that make uv choose for the target, never for this machine."""
    return ["--python-version", target.python, "--python-platform", target.platform]


def environment() -> dict[str, str]:
    """Return the environment for uv: the build's own, less what would change its answers."""
    ours = {"NO_COLOR": "1", "SOURCE_DATE_EPOCH": EPOCH, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**{k: v for k, v in os.environ.items() if k not in _MISLEADING}, **ours}


_MISLEADING = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_TARGET"}
"""These point uv, or the interpreter it starts, at packages that are not the layer's."""
