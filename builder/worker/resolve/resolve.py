"""Resolving: which versions a target gets, with wheels wherever a version has one that fits.

uv is asked for wheels only, so that it chooses a version whose wheel fits the target's glibc (numpy
for python3.11 becomes 2.2.6, the last one with a manylinux_2_17 wheel). Only when that cannot be
done it is asked again without the rule; then the distributions that have no fitting wheel in any
version are exempted from the rule by name, and nothing else is.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Mapping, Sequence

from ..errors import BuildError
from ..log import Log
from ..process import Outcome
from ..request import Target
from . import lock, requirements_text
from .explain import explain
from .lock import Lock, Pin
from .uv import Uv

PROBES_AT_ONCE = 6
NO_EXTRA = re.compile(r"The package `([^`]+)` does not have an extra named `([^`]+)`")

OTHER_PLATFORMS = (
    *("x86_64-manylinux_2_40", "aarch64-manylinux_2_40"),
    *("x86_64-pc-windows-msvc", "aarch64-apple-darwin"),
)
"""A version that has a wheel for one of these, and none for the target, is compiled code."""


@dataclass(frozen=True)
class Inputs:
    """What is to be resolved.

    ``folders`` names the project's own packages that uv gets as source folders, ``wheels`` those
    that it gets as wheels; the latter are not part of the lock. ``constraints`` is a file with the
    versions of the project's own lock, ``overrides`` one with its commits. ``extras`` are those of
    a pyproject.toml among the files.
    """

    files: tuple[Path, ...]
    folders: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    constraints: Path | None = None
    overrides: Path | None = None
    extras: tuple[str, ...] = ()


class Resolver:
    """Resolves one layer's inputs for one target."""

    def __init__(self, uv: Uv, target: Target, work: Path, log: Log, *, native: bool) -> None:
        self._uv = uv
        self._target = target
        self._native = native
        self._work = work
        self._log = log
        self._runs = 0
        self._noted: set[tuple[str, str]] = set()

    def resolve(self, inputs: Inputs, name_of: Callable[[str], str]) -> Lock:
        """Return the lock; ``name_of`` builds a source folder that uv found and names it."""
        outcome, locked = self._compile(inputs, only_wheels_but(inputs.folders))
        if locked:
            return locked
        if outcome.transient:
            raise explain(outcome, self._target, "resolving the requirements")
        free, unruled = self._compile(inputs, [])
        if not unruled:
            raise explain(free, self._target, "resolving the requirements")
        own = tuple(dict.fromkeys([*inputs.folders, *(name_of(f) for f in unruled.folders)]))
        return self._with_sources(inputs, unruled, own, outcome)

    def _with_sources(
        self, inputs: Inputs, unruled: Lock, own: Sequence[str], first: Outcome
    ) -> Lock:
        # What comes by URL is taken as it is: there is no other version that could have a wheel.
        direct = [pin.name for pin in unruled.pins if not pin.version]
        lacking = self._without_wheel(unruled)
        older = self._probe(lacking, unruled.options)
        never = [name for name in lacking if name not in older]
        self._log.debug(f"without a wheel: {never}; older versions have one: {older}")
        # First only what has no wheel at all; then also what the user's own pins keep from it.
        for sources in (never, lacking):
            _, locked = self._compile(inputs, only_wheels_but([*own, *direct, *sources]))
            if locked:
                if not self._native:
                    self._refuse_compiled([p for p in locked.pins if p.name in sources], older)
                kept = tuple((n, v) for n, v in older.items() if n in sources)
                return replace(locked, from_source=(*direct, *sources), older=kept)
        raise explain(first, self._target, "resolving the requirements")

    def _refuse_compiled(self, pins: Sequence[Pin], older: Mapping[str, str]) -> None:
        """Refuse at once what would be compiled for this machine, perhaps for many minutes."""
        lines = [f"{pin.name}=={pin.version}" for pin in pins]
        for platform in OTHER_PLATFORMS:
            found = self._probe(lines, (), platform)
            for pin in pins:
                if f"{pin.name}=={pin.version}" in found:
                    raise self._not_to_be_had(pin, older.get(pin.name))

    def _not_to_be_had(self, pin: Pin, older: str | None) -> BuildError:
        return BuildError(
            f"{pin.name} {pin.version} cannot be had for {self._target}",
            where=f"{pin.name} has wheels for other platforms, none for {self._target} "
            f"(glibc {self._target.glibc})",
            expected=f"a wheel for {self._target}; compiling it on another runtime or "
            "architecture gives one for that only",
            fix=f"{pin.name} {older} has a wheel that fits: allow that version"
            if older
            else f"choose another version of {pin.name} or a package in its place, or build on an "
            "image of the target's runtime and architecture",
        )

    def _without_wheel(self, unruled: Lock) -> list[str]:
        lines = {pin.name: f"{pin.name}=={pin.version}" for pin in unruled.pins if pin.version}
        found = self._probe(list(lines.values()), unruled.options)
        return [name for name, line in lines.items() if line not in found]

    def _probe(
        self, lines: Sequence[str], options: Sequence[str], platform: str = ""
    ) -> dict[str, str]:
        """Return the requirements for which a wheel fits, each with the version that has it."""

        target = replace(self._target, platform=platform or self._target.platform)

        def probe(index: int) -> str | None:
            source = self._work / f"probe-{self._runs}-{index}.txt"
            source.write_text("\n".join([*options, lines[index]]) + "\n", encoding="utf-8")
            out = source.with_suffix(".lock")
            arguments = [str(source), "--no-deps", *only_wheels_but(())]
            if not self._uv.compile(arguments, target, out).ok:
                return None
            pins = lock.parse(out.read_text(encoding="utf-8")).pins
            return pins[0].version if pins else None

        self._runs += 1
        with ThreadPoolExecutor(PROBES_AT_ONCE) as pool:
            versions = pool.map(probe, range(len(lines)))
            found = {lines[index]: version for index, version in enumerate(versions)}
        return {line: version for line, version in found.items() if version is not None}

    def _compile(self, inputs: Inputs, rule: Sequence[str]) -> tuple[Outcome, Lock | None]:
        self._runs += 1
        out = self._work / f"resolved-{self._runs}.txt"
        arguments = [str(path) for path in inputs.files]
        if inputs.constraints is not None:
            arguments += ["--constraints", str(inputs.constraints)]
        if inputs.overrides is not None:
            arguments += ["--overrides", str(inputs.overrides)]
        arguments += [part for name in inputs.extras for part in ("--extra", name)]
        arguments += ["--generate-hashes", "--no-annotate", "--no-header"]
        arguments += [part for name in inputs.wheels for part in ("--no-emit-package", name)]
        arguments += ["--emit-index-url", "--emit-find-links", *rule]
        outcome = self._uv.compile(arguments, self._target, out)
        if not outcome.ok:
            return outcome, None
        for package, extra in sorted(set(NO_EXTRA.findall(outcome.output)) - self._noted):
            self._noted.add((package, extra))
            self._log.note(f"{package} has no extra {extra!r}: what it should bring is not there")
        found = lock.parse(out.read_text(encoding="utf-8"))
        # uv does not write this one, and what is installed or built later is bound by it, too.
        own = {line for line, _ in requirements_text.options(inputs.files)}
        alone = ("--no-index",) if "--no-index" in own else ()
        seen = (self._seen_from_anywhere(option, inputs) for option in found.options)
        return outcome, replace(found, options=(*alone, *seen))

    def _seen_from_anywhere(self, option: str, inputs: Inputs) -> str:
        """Return an option whose folder, if it has one, does not depend on the file it is in.

        uv takes ``--find-links`` of a requirements file from that file's folder, or from where it
        runs, and writes it as it was.
        """
        name, _, value = option.partition(" ")
        if name not in ("--find-links", "-f") or "://" in value:
            return option
        bases = [*(file.parent for file in inputs.files), self._uv.cwd]
        places = [base / value for base in bases if (base / value).exists()]
        return f"{name} {places[0].resolve()}" if places else option


def only_wheels_but(names: Sequence[str]) -> list[str]:
    """Return uv's options for wheels only, except for the named distributions."""
    exempt = [part for name in names for part in ("--no-binary", name)]
    return ["--only-binary", ":all:", *exempt]
