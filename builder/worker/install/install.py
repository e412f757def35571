"""Installing: what the lock says goes into the layer's folder, in batches, without resolving."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from ..contents import distributions, files
from ..contents.versions import normalized
from ..errors import BuildError
from ..log import Log, counted
from ..process import Outcome
from ..request import Target
from ..resolve.explain import explain
from ..resolve.lock import Lock, Pin
from ..resolve.resolve import only_wheels_but
from ..resolve.uv import Uv
from ..resolve.wheels import ProjectWheel
from ..sandbox import take

PAUSES = (1.0, 5.0, 15.0)
NOT_FOUND = re.compile(
    r"was not found in the (package registry|provided package)|there is no version of "
)

SHOWN = 5

UVS_OWN = {".lock"}
"""What uv leaves in the folder that it installs into."""

BATCH = 250
"""Distributions installed by one call of uv: a failure repeats at most so many."""


def install(
    uv: Uv,
    locked: Lock,
    wheels: Sequence[ProjectWheel],
    target: Target,
    into: Path,
    work: Path,
    log: Log,
) -> None:
    """Install the lock's distributions and the project's own wheels into one folder."""
    into.mkdir(parents=True, exist_ok=True)
    total = len(locked.pins) + len(wheels)
    done = 0
    built = [pin for pin in locked.pins if is_built(pin, locked)]
    # First, so that no code of strangers runs once anything is installed whose hash was proven.
    for pin in built:
        log.step(f"building {pin.name} for {target}")
        _build(uv, locked, pin, target, work)
    uv = uv.believing(work / "uv-install")
    for number, batch in enumerate(batches([p for p in locked.pins if p not in built], BATCH)):
        log.step(f"installing {done + len(batch)} of {total} for {target}")
        _install_pins(uv, locked, batch, target, into, work / f"batch-{number}.txt")
        done += len(batch)
    for pin in built:
        done += 1
        _adopt(_tree(work, pin.name), into, pin, uv.log)
    if wheels:
        log.step(f"installing {total} of {total} for {target}")
        _install_wheels(uv, wheels, target, into)


def install_alone(
    uv: Uv,
    locked: Lock,
    wheels: Sequence[ProjectWheel],
    name: str,
    target: Target,
    work: Path,
) -> Path:
    """Return a folder with one distribution of the lock, or of the project, alone."""
    into = work / "alone" / name
    if _tree(work, name).is_dir():
        return _tree(work, name)
    if into.is_dir():
        return into
    into.mkdir(parents=True)
    own = [wheel for wheel in wheels if wheel.name == name]
    pins = [pin for pin in locked.pins if pin.name == name]
    uv = uv.believing(work / "uv-install")
    if own:
        _install_wheels(uv, own, target, into)
    elif pins:
        _install_pins(uv, locked, pins, target, into, into.with_name(f"{into.name}.txt"))
    return into


def is_built(pin: Pin, locked: Lock) -> bool:
    """Whether a distribution comes as source, so that its build runs code of strangers."""
    if not pin.version:
        return not urlsplit(pin.line.split()[2]).path.endswith(".whl")
    return pin.name in locked.from_source


def _tree(work: Path, name: str) -> Path:
    """Where a distribution is that was built here."""
    return work / "built" / name


def _build(uv: Uv, locked: Lock, pin: Pin, target: Target, work: Path) -> None:
    into = _tree(work, pin.name)
    into.parent.mkdir(exist_ok=True)
    rule = only_wheels_but((pin.name,))
    arguments = _arguments(locked, [pin], rule, into.with_name(f"{pin.name}.txt"))
    outcome = _patiently(uv.log, lambda more: uv.install_built([*arguments, *more], target, into))
    if not outcome.ok:
        doing = f"building {pin.name} {pin.version}".rstrip()
        raise explain(outcome, target, doing, older_version(outcome, locked))


def _adopt(tree: Path, into: Path, pin: Pin, log: Log) -> None:
    """Copy the files of a distribution that strangers' code has made.

    What is there already is left as it is, and what its RECORD does not list is left out: its build
    has put that beside what uv installed. Raise BuildError for what is no file, and for what says
    that it is another distribution.
    """
    try:
        found = files.collect(tree)
    except BuildError as error:
        error.what = f"the build of {pin.name}: {error.what}"
        raise
    infos = {f.name.split("/")[0] for f in found if f.name.split("/")[0].endswith(".dist-info")}
    own = distributions.read(tree) if len(infos) == 1 else []
    said = [(d.name, normalized(d.version)) for d in own]
    if [(pin.name, normalized(pin.version or version)) for _, version in said] != said or not said:
        raise BuildError(
            f"the build of {pin.name} made something else",
            where=", ".join(sorted(infos)) or "no metadata at all",
            expected=f"{pin.name} {pin.version}, and nothing beside it".replace(" ,", ","),
            fix=f"choose another version of {pin.name}, or another package",
        )
    listed = {name for distribution in own for name in distribution.files} | UVS_OWN
    if beside := [file.name for file in found if file.name not in listed]:
        log.note(
            f"left out {counted(len(beside), 'file')} that the build of {pin.name} has put beside "
            f"its package: {', '.join(beside[:SHOWN])}"
        )
    for file in found:
        path = into / file.name
        if file.name in UVS_OWN or file.name not in listed or path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(take(file.path))
        path.chmod(file.mode)


def _install_pins(
    uv: Uv, locked: Lock, pins: Sequence[Pin], target: Target, into: Path, file: Path
) -> None:
    arguments = _arguments(locked, pins, only_wheels_but(()), file)
    arguments += ["--target", str(into)]
    outcome = _patiently(uv.log, lambda more: uv.install([*arguments, *more], [], target))
    if not outcome.ok:
        raise explain(outcome, target, "installing", older_version(outcome, locked))


def _arguments(locked: Lock, pins: Sequence[Pin], rule: Sequence[str], file: Path) -> list[str]:
    lines = [*locked.options, *(pin.line for pin in pins)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    checked = ["--require-hashes"] if pins[0].hashed else []
    return [*checked, *rule, "-r", str(file)]


def _patiently(log: Log, install: Callable[[Sequence[str]], Outcome]) -> Outcome:
    """Ask again for what was just resolved: some server of the index may not have it yet."""
    outcome = install([])
    for pause in PAUSES:
        if outcome.ok or not NOT_FOUND.search(re.sub(r"\s+", " ", outcome.output)):
            break
        log.note(f"what was just resolved is not found; asking again in {pause:g} s")
        time.sleep(pause)
        outcome = install(["--refresh"])
    return outcome


def _install_wheels(uv: Uv, wheels: Sequence[ProjectWheel], target: Target, into: Path) -> None:
    paths = [str(wheel.path) for wheel in wheels]
    outcome = uv.install(["--target", str(into), "--no-build"], paths, target)
    if not outcome.ok:
        raise explain(outcome, target, "installing the project's own package")


def batches(pins: Iterable[Pin], size: int) -> list[list[Pin]]:
    """Split pins into batches; those with hashes apart from those without."""
    pins = list(pins)
    kinds = [[pin for pin in pins if pin.hashed], [pin for pin in pins if not pin.hashed]]
    return [kind[i : i + size] for kind in kinds for i in range(0, len(kind), size)]


def older_version(outcome: Outcome, locked: Lock) -> str:
    """Return the advice to take another version, when a distribution has one with a wheel."""
    for name, version in locked.older:
        if f"`{name}" in outcome.output.lower().replace("_", "-"):
            return f"{name} {version} has a wheel that fits: allow that version"
    return ""
