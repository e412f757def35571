"""Libraries that a module opened by its name, by ctypes or cffi, outside of the layer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Collection, Mapping, Sequence

from ..contents import elf, runtime_libraries
from ..contents.elf import Elf, ElfError
from ..contents.native import Native, libraries_of
from ..errors import BuildError
from ..request import Target
from .imports import Report, may

OF_THE_RUNTIME = ("/var/lang/", "/var/runtime/")
"""Where Lambda's images have the interpreter with its libraries."""

OF_THE_SYSTEM = re.compile(r".*/(libnss_[^/]+|(gconv|ossl-modules|engines-[^/]+)/[^/]+)")
"""What glibc and OpenSSL load by the settings of the system they run on."""

Opened = Mapping[Path, Elf]


def check(
    report: Report,
    stage: Path,
    natives: Sequence[Native],
    target: Target,
    may_fail: Collection[str],
    import_without: Callable[[Collection[str]], Report],
) -> list[str]:
    """Refuse modules that need libraries which the runtime has not; return notes.

    ``report`` is that of the import of all modules. ``import_without`` imports those again that
    could be, where libraries of some names cannot be opened.
    """
    mapped = report.mapped
    known = runtime_libraries.provided(target) | libraries_of(natives)
    parsed = _outside(mapped, stage)
    own = [one for path, one in parsed.items() if _is_own(path, report.stdlib)]
    # What compiled files of the layer need by their headers is judged with these.
    needed = _closure([*own, *(native.elf for native in natives)], parsed)
    others = {
        path: one
        for path, one in parsed.items()
        if not _is_own(path, report.stdlib) and not {path.name, one.soname} & needed
    }
    by_another = {name for one in others.values() for name in one.needed}
    notes: list[str] = []
    absent: dict[Path, str] = {}
    for path, one in sorted(others.items()):
        name = one.soname or path.name
        if name in by_another or runtime_libraries.is_provided(name, known):
            continue
        text = f"{mapped[path] or 'a .pth file'} opens {name} ({path})"
        if may(mapped[path], may_fail):
            notes.append(f"{text}, which Lambda does not have")
        else:
            absent[path] = text
    if not absent:
        return notes
    again = import_without({name for path in absent for name in (path.name, parsed[path].soname)})
    lost = [m for m in report.imported if m not in again.imported and not may(m, may_fail)]
    # By their whole path they can still be opened here, and that says nothing of Lambda.
    if lost or absent.keys() & again.mapped.keys():
        without = [f"without that {', '.join(lost)} cannot be imported"] if lost else []
        raise BuildError(
            "a library is opened that Lambda does not have",
            where="\n".join([*absent.values(), *without]),
            expected=f"libraries of the layer, or of {target}",
            fix='copy it to $LAYER_LIB in pre_install, with include = ["lib"]; or take a package '
            "that brings it; a module that does without it is named in may_fail",
        )
    return notes + [
        f"{text}, which Lambda does not have, and works without it" for text in absent.values()
    ]


def _outside(mapped: Mapping[Path, str], stage: Path) -> dict[Path, Elf]:
    """Return the libraries that are not the layer's."""
    found = {}
    for path in mapped:
        if stage.resolve() in path.parents or not path.is_file():
            continue
        try:
            parsed = elf.read(path)
        except (ElfError, OSError):
            continue
        if parsed:
            found[path] = parsed
    return found


def _is_own(path: Path, stdlib: Collection[str]) -> bool:
    """Whether the interpreter or its system loads the file for itself."""
    text = str(path)
    folders = {Path(folder).resolve() for folder in stdlib}
    if text.startswith(OF_THE_RUNTIME) or OF_THE_SYSTEM.fullmatch(text):
        return True
    return path.parent in folders


def _closure(starts: Sequence[Elf], parsed: Opened) -> set[str]:
    """Return the names of all that files need, and of what that needs."""
    by_name = {path.name: one for path, one in parsed.items()}
    by_name.update({one.soname: one for one in parsed.values() if one.soname})
    names: set[str] = set()
    left = [name for one in starts for name in one.needed]
    while left:
        name = left.pop()
        if name not in names:
            names.add(name)
            left += by_name[name].needed if name in by_name else ()
    return names
