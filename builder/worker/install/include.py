"""What a layer holds beside its modules, when it is asked for: programs in bin/, libraries in lib/.

Lambda unpacks a layer below /opt, and has /opt/bin on the PATH and /opt/lib on LD_LIBRARY_PATH (AWS
Lambda developer guide, "Defined runtime environment variables" and "Packaging your layer content").

A process that a function starts does not have the layer's modules on its sys.path: it is Lambda's
bootstrap, inside the function's own process, that puts them there. So a Python script of bin/ puts
them there itself. It is found by ``/usr/bin/env python3``, the interpreter of whatever runtime the
function has: /var/lang/bin comes first on its PATH.
"""

from __future__ import annotations

import configparser
import re
import shutil
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from .. import interpreters
from ..contents.distributions import Distribution, refusal, text_of
from ..contents.files import LayerFile
from ..contents.native import Native, native_files
from ..log import Log, counted
from ..request import Request
from . import libraries

BIN, LIB = "bin", "lib"
GROUPS = ("console_scripts", "gui_scripts")

ENTRY_POINT = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<attribute>[\w.]+)\s*)?(\[.*\])?")
"""Core metadata of entry points: ``module:attribute [extras]`` (PyPA, "Entry points")."""

HEADER = re.compile(rb"#!(?=.*\n).*python.*\n|#!/bin/sh\n'''exec' .*\n' '''\n")
"""How an installer begins a Python script: by way of sh when the interpreter's path has a space or
is too long for the kernel."""

PRELUDE = """\
#!/usr/bin/env python3
import site
import sys
from pathlib import Path

_opt = Path(__file__).resolve().parents[1]
_versioned = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
sys.path[:0] = [str(_opt / "python" / _versioned), str(_opt / "python")]
for _folder in sys.path[:2]:
    site.addsitedir(_folder)
"""

CALL = """
from {module} import {root}

if __name__ == "__main__":
    sys.exit({attribute}())
"""

WHOLE = """
exec(compile({source!r}, __file__, "exec"))
"""


def take_scripts(root: Path, found: Iterable[Distribution], stage: Path) -> None:
    """Give the layer a program for each script that was installed into ``root/bin``."""
    installed = root / BIN
    if not installed.is_dir() or (installed / "__init__.py").exists():
        return
    into = stage / BIN
    into.mkdir(parents=True, exist_ok=True)
    entries = entry_points(root, found)
    for path in sorted(installed.iterdir()):
        if path.is_file():
            _take(path, into / path.name, entries.get(path.name))


def _take(path: Path, target: Path, entry: str | None) -> None:
    text = script(path.read_bytes(), entry)
    if text is None:
        shutil.copyfile(path, target)
    else:
        target.write_text(text, encoding="utf-8")
    target.chmod(0o755)


def script(content: bytes, entry: str | None) -> str | None:
    """Return the program for an installed script, or None when it can stay as it is.

    ``entry`` is its entry point, None if the distribution has it as a file.
    """
    parsed = ENTRY_POINT.fullmatch(entry) if entry else None
    if parsed and parsed["attribute"]:
        attribute = parsed["attribute"]
        root = attribute.split(".")[0]
        return PRELUDE + CALL.format(module=parsed["module"], root=root, attribute=attribute)
    header = HEADER.match(content)
    return PRELUDE + WHOLE.format(source=b"\n" + content[header.end() :]) if header else None


def entry_points(root: Path, found: Iterable[Distribution]) -> dict[str, str]:
    """Return the entry points of programs; raise BuildError, which names a file that has none."""
    entries: dict[str, str] = {}
    for distribution in found:
        file = root / distribution.info / "entry_points.txt"
        if not file.is_file():
            continue
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
        try:
            parser.read_string(text_of(file))
        except configparser.Error as error:
            raise refusal(f"{distribution.info}/{file.name}", str(error)) from error
        for group in GROUPS:
            if parser.has_section(group):
                entries.update(parser.items(group))
    return entries


def take_extra(wanted: Request, extra: Path, stage: Path, log: Log) -> None:
    """Put what the script left in LAYER_BIN and LAYER_LIB into the layer, as far as asked for.

    With lib come the libraries of the build image that compiled code needs, too: but only where it
    is the target's own image, which an interpreter of the target shows.
    """
    for name in (BIN, LIB):
        folder = extra / name
        count = sum(1 for path in folder.rglob("*") if not path.is_dir())
        if count and name in wanted.include:
            shutil.copytree(folder, stage / name, symlinks=True, dirs_exist_ok=True)
            log.step(f"adding {counted(count, 'file')} to {name}/")
        elif count:
            log.note(
                f"LAYER_{name.upper()} has {counted(count, 'file')}, left out: the layer's include "
                f"does not name {name}"
            )
    if LIB in wanted.include and any(map(interpreters.find, wanted.targets)):
        target = wanted.targets[0]
        libraries.gather(stage, stage / LIB, target, log, libraries.of_this_machine())
    for name in wanted.include:
        if not (stage / name).is_dir():
            log.note(f"include names {name}, and there is nothing for it")


def natives_of(files: Iterable[LayerFile], include: Sequence[str]) -> list[Native]:
    """Return the compiled files of bin/ and lib/, each owned by itself."""
    mine = [file for file in files if file.name.startswith(tuple(f"{name}/" for name in include))]
    owners: Mapping[str, str] = {file.name: file.name for file in mine}
    return native_files(mine, owners) if include else []
