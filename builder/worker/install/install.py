"""Installing: what the lock says goes into the layer's folder, in batches, without resolving."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Iterable, Sequence

from ..log import Log
from ..process import Outcome
from ..request import Target
from ..resolve.explain import explain
from ..resolve.lock import Lock, Pin
from ..resolve.resolve import only_wheels_but
from ..resolve.uv import Uv
from ..resolve.wheels import ProjectWheel

PAUSES = (1.0, 5.0, 15.0)
NOT_FOUND = re.compile(
    r"was not found in the (package registry|provided package)|there is no version of "
)

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
    for number, batch in enumerate(batches(locked.pins, BATCH)):
        log.step(f"installing {done + len(batch)} of {total} for {target}")
        _install_pins(uv, locked, batch, target, into, work / f"batch-{number}.txt")
        done += len(batch)
    if wheels:
        log.step(f"installing {total} of {total} for {target}")
        _install_wheels(uv, wheels, target, into)


def install_alone(
    uv: Uv,
    locked: Lock,
    wheels: Sequence[ProjectWheel],
    name: str,
    target: Target,
    into: Path,
) -> None:
    """Install one distribution of the lock, or of the project, into a folder of its own."""
    into.mkdir(parents=True)
    own = [wheel for wheel in wheels if wheel.name == name]
    pins = [pin for pin in locked.pins if pin.name == name]
    if own:
        _install_wheels(uv, own, target, into)
    elif pins:
        _install_pins(uv, locked, pins, target, into, into.with_name(f"{into.name}.txt"))


def _install_pins(
    uv: Uv, locked: Lock, pins: Sequence[Pin], target: Target, into: Path, file: Path
) -> None:
    direct = [pin.name for pin in locked.pins if not pin.version]
    rule = only_wheels_but(tuple(dict.fromkeys([*locked.from_source, *direct])))
    lines = [*locked.options, *(pin.line for pin in pins)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    checked = ["--require-hashes"] if pins[0].hashed else []
    arguments = ["--target", str(into), *checked, *rule, "-r", str(file)]
    outcome = uv.install(arguments, [], target)
    for pause in PAUSES:
        if outcome.ok or not NOT_FOUND.search(re.sub(r"\s+", " ", outcome.output)):
            break
        # It was resolved a moment ago: some server of the index does not have it yet.
        uv.log.note(f"what was just resolved is not found; asking again in {pause:g} s")
        time.sleep(pause)
        outcome = uv.install([*arguments, "--refresh"], [], target)
    if not outcome.ok:
        raise explain(outcome, target, "installing", older_version(outcome, locked))


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
