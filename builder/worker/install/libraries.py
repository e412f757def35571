"""Shared libraries that compiled code of the layer needs and only the build image has.

System packages put them into the image's own folders, where Lambda's runtime has nothing. With lib
among what a layer includes they come along; the audit then judges them like every compiled file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import Mapping

from ..contents import elf, runtime_libraries
from ..contents.elf import ElfError
from ..contents.files import collect
from ..contents.native import libraries_of, native_files
from ..log import Log, human
from ..request import Target

LDCONFIG = ("ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig")
ENTRY = re.compile(r"\s*(?P<name>\S+) \(.*\) => (?P<path>/.+)")


def gather(stage: Path, into: Path, target: Target, log: Log, known: Mapping[str, Path]) -> None:
    """Copy into ``into`` what compiled files below ``stage`` need of the ``known`` libraries."""
    machine = target.machine
    while True:
        natives = [native for native in native_files(collect(stage), {}) if native.elf.needed]
        provided = runtime_libraries.provided(target) | libraries_of(
            native_files(collect(stage), {})
        )
        needed = {
            PurePosixPath(name).name: native.file.name
            for native in natives
            if native.elf.machine == machine
            for name in native.elf.needed
            if not runtime_libraries.is_provided(name, provided)
        }
        found = {name: known[name] for name in sorted(needed) if _fits(known.get(name), machine)}
        if not found:
            return
        into.mkdir(parents=True, exist_ok=True)
        for name, path in found.items():
            shutil.copyfile(path, into / name)
            (into / name).chmod(0o755)
            size = human(path.stat().st_size)
            log.step(f"adding {name} ({size}) to {into.name}/: {needed[name]} needs it")


def of_this_machine() -> dict[str, Path]:
    """Return the libraries that the dynamic linker of the build image finds, by name."""
    program = next((path for path in map(shutil.which, LDCONFIG) if path), None)
    if program is None:
        return {}
    listed = subprocess.run([program, "-p"], capture_output=True, text=True, check=False).stdout
    entries = [found for line in listed.splitlines() if (found := ENTRY.fullmatch(line))]
    # The first of a name is the one that the linker takes.
    return {entry["name"]: Path(entry["path"]) for entry in reversed(entries)}


def _fits(path: Path | None, machine: str) -> bool:
    """Whether it is a library of the target's machine: an image can have those of several."""
    if path is None or not path.is_file():
        return False
    try:
        parsed = elf.read(path)
    except ElfError:
        return False
    return parsed is not None and parsed.machine == machine
