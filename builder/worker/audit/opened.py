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
from .imports import may

OF_THE_RUNTIME = ("/var/lang/", "/var/runtime/")
"""Where Lambda's images have the interpreter with its libraries."""

OF_THE_SYSTEM = re.compile(r".*/(libnss_[^/]+|(gconv|ossl-modules|engines-[^/]+)/[^/]+)")
"""What glibc and OpenSSL load by the settings of the system they run on."""

Opened = Mapping[Path, Elf]


def check(
    mapped: Mapping[Path, str],
    stage: Path,
    stdlib: Collection[str],
    natives: Sequence[Native],
    target: Target,
    may_fail: Collection[str] = (),
    works_without: Callable[[str, Collection[str]], bool] = lambda _module, _libraries: False,
) -> list[str]:
    """Refuse modules that opened libraries which the runtime has not; return notes.

    ``mapped`` are the files that were loaded, with the module that did it; ``stdlib`` are the
    folders of the interpreter's own modules, which bring what they need. ``works_without`` says
    whether a module imports where such libraries cannot be opened.
    """
    known = runtime_libraries.provided(target) | libraries_of(natives)
    parsed = _outside(mapped, stage)
    own = [one for path, one in parsed.items() if _is_own(path, stdlib)]
    # What compiled files of the layer need by their headers is judged with these.
    needed = _closure([*own, *(native.elf for native in natives)], parsed)
    others = {
        path: one
        for path, one in parsed.items()
        if not _is_own(path, stdlib) and not {path.name, one.soname} & needed
    }
    by_another = {name for one in others.values() for name in one.needed}
    absent = {}
    for path, one in sorted(others.items()):
        name = one.soname or path.name
        if name not in by_another and not runtime_libraries.is_provided(name, known):
            absent[path] = name
    hidden = {*absent.values(), *(path.name for path in absent)}
    notes: list[str] = []
    refused: list[str] = []
    for path, name in absent.items():
        module = mapped[path]
        text = f"{module or 'a .pth file'} opens {name} ({path})"
        if may(module, may_fail):
            notes.append(f"{text}, which Lambda does not have")
        elif module and works_without(module, hidden):
            notes.append(f"{text}, which Lambda does not have, and works without it")
        else:
            refused.append(text)
    if refused:
        raise BuildError(
            "a library is opened that Lambda does not have",
            where="\n".join(refused),
            expected=f"libraries of the layer, or of {target}",
            fix='copy it to $LAYER_LIB in pre_install, with include = ["lib"]; or take a package '
            "that brings it; a module that does without it is named in may_fail",
        )
    return notes


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
