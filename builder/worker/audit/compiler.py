"""Compiles what importing a folder's modules will load; runs in the target's interpreter.

It is started with ``-I -S -B``. Arguments: the folder, and one for the compiled files, which have
the names of their sources there. Nothing that is compiled is run. Each file has the hash of its
source, which an import compares (PEP 552, "checked hash-based .pyc files"): it takes none for
another source.

Which modules are next is a guess, from the imports at the top of those that were compiled: an
import compiles what is not there. It begins with the heaviest package and leaves out the lightest,
which the import check compiles itself meanwhile: it takes the modules by their names, and both
would do the same twice.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import marshal
import opcode
import os
import sys
from types import CodeType
from typing import Dict, Iterator, List, Mapping, Set

EXTENDED_ARG, IMPORT_FROM, IMPORT_NAME = (
    opcode.opmap[name] for name in ("EXTENDED_ARG", "IMPORT_FROM", "IMPORT_NAME")
)
CHECKED_HASH = (0b11).to_bytes(4, "little")
"""The flags of a compiled file with its source's hash, which is to be compared (PEP 552)."""

TESTS = {"test", "tests"}
"""Folders that are not imported, as a rule."""
MARK = b"TYPE_CHECKING"
"""The condition that only type checkers take for true, behind the name of a module, too."""
BELOW = b" \t\r#)]}"
"""What a line begins with that belongs to the block above, or is empty or a comment."""
LITTLE = 1 << 20
"""Bytes of sources that are compiled whatever they are a part of."""
LIGHTEST = 0.25
"""The share of all sources that the lightest packages may have together to be left out."""


def main(root: str, into: str) -> None:
    """Compile the modules at the top, those that they import, and so on."""
    sizes = dict(sources(root, ""))
    present, waiting = set(sizes), beginnings(sizes)
    known = set(waiting)
    # The next one is that of the last one: an import goes as deep first.
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            code, unread = compiled(root, name, into)
            following = [n for n in imported(code, unread, name, present) if n not in known]
            known.update(following)
            waiting += reversed(following)


def sources(root: str, below: str) -> Iterator[tuple[str, int]]:
    """Yield the names of all Python files, relative to the root, with their sizes."""
    with os.scandir(f"{root}/{below}") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from sources(root, f"{below}{entry.name}/")
            elif entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
                yield f"{below}{entry.name}", entry.stat(follow_symlinks=False).st_size


def beginnings(sizes: Mapping[str, int]) -> List[str]:
    """Return what is at the top, the heaviest last, without the lightest ones."""
    weights = weighed(sizes)
    ordered = sorted(weights, key=lambda name: (weights[name], name))
    room = LIGHTEST * sum(weights.values()) if sum(weights.values()) > LITTLE else -1
    for at, name in enumerate(ordered):
        room -= weights[name]
        if room < 0:
            return ordered[at:]
    return []


def weighed(sizes: Mapping[str, int]) -> Dict[str, int]:
    """Return the bytes of each module and package at the top."""
    found = dict.fromkeys(starts(set(sizes)), 0)
    for name, size in sizes.items():
        parts = name.split("/")
        above = ("/".join([*parts[:end], "__init__.py"]) for end in range(1, len(parts)))
        top = next((n for n in (*above, name) if n in found), None)
        if top is not None and not TESTS & set(parts):
            found[top] += size
    return found


def starts(present: Set[str]) -> Iterator[str]:
    """Yield modules and packages at the top, and those in folders that are no packages."""
    for name in sorted(present):
        folders = name.split("/")[:-1]
        above = ["/".join(folders[: end + 1]) for end in range(len(folders))]
        if name.endswith("/__init__.py"):
            above.pop()
        if not any(f"{folder}/__init__.py" in present for folder in above):
            yield name


def compiled(root: str, name: str, into: str) -> tuple[CodeType, Set[int]]:
    """Compile a file, and put the result where the import check looks for it.

    Return it with the lines that imports do not run.
    """
    path = f"{root}/{name}"
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes long to import
        source = file.read()
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    place = f"{into}/{name}c"
    os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
    # It is there as a whole, or not at all: this process is ended at any moment.
    with open(f"{place}.part", "wb") as file:  # noqa: PTH123
        file.write(importlib.util.MAGIC_NUMBER + CHECKED_HASH)
        file.write(importlib.util.source_hash(source) + marshal.dumps(code))
    os.replace(f"{place}.part", place)  # noqa: PTH105
    return code, set(for_type_checkers(source)) if MARK in source else set()


def for_type_checkers(source: bytes) -> Iterator[int]:
    """Yield the numbers of the lines of blocks that only type checkers read.

    (Python's documentation, typing.TYPE_CHECKING: it is False at run time.) Whole packages are
    imported in them where the package does it later, by ``__getattr__``.
    """
    inside = False
    for number, line in enumerate(source.split(b"\n"), 1):
        if line[:1] not in BELOW:
            condition = line[3:].partition(b":")[0] if line.startswith(b"if ") else b""
            inside = condition.rpartition(b".")[2].strip() == MARK
        if inside:
            yield number


def imported(code: CodeType, unread: Set[int], name: str, present: Set[str]) -> Iterator[str]:
    """Yield the files that a module may import when it is imported itself."""
    package = name.split("/")[:-1]
    for base, names in imports(code, unread):
        for end in range(len(package) + 1):
            folder = [*package[:end], *filter(None, base.split("."))]
            for each in ([], *([n] for n in names)):
                yield from module([*folder, *each], present)


def module(parts: list[str], present: Set[str]) -> Iterator[str]:
    """Yield the file of a module, if there is one, after those of the packages that it is in."""
    path = "/".join(parts)
    found = [n for n in (f"{path}/__init__.py", f"{path}.py") if n in present]
    if found:
        above = ("/".join([*parts[:end], "__init__.py"]) for end in range(1, len(parts)))
        yield from (n for n in above if n in present)
        yield from found[:1]


def imports(code: CodeType, unread: Set[int]) -> Iterator[tuple[str, list[str]]]:
    """Yield what a module's own lines import: modules, each with the names taken from it.

    ``unread`` are lines that do not count. Before Python 3.10 all do: code tells its lines since.
    (Python's documentation of dis: IMPORT_NAME, and IMPORT_FROM with what stores the name.)
    """
    kinds, arguments = code.co_code[::2], code.co_code[1::2]
    lines = code.co_lines() if unread and hasattr(code, "co_lines") else ()
    spans = (range(start // 2, end // 2) for start, end, line in lines if line in unread)
    skipped = {at for span in spans for at in span}

    def named(at: int) -> str:
        index, place, shift = arguments[at], at - 1, 8
        while place >= 0 and kinds[place] == EXTENDED_ARG:
            index |= arguments[place] << shift
            place, shift = place - 1, shift + 8
        return code.co_names[index] if index < len(code.co_names) else ""

    at = kinds.find(IMPORT_NAME)
    while at >= 0:
        following = kinds.find(IMPORT_NAME, at + 1)
        end = following if following >= 0 else len(kinds)
        names, place = [], kinds.find(IMPORT_FROM, at, end)
        while place >= 0:
            names.append(named(place))
            place = kinds.find(IMPORT_FROM, place + 1, end)
        if at not in skipped:
            yield named(at), names
        at = following


if __name__ == "__main__":
    gc.disable()  # it takes a twentieth of the time, and finds nothing
    main(*sys.argv[1:])
