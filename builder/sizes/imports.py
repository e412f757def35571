"""Which packages import which while their modules are loaded, as their texts say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from builder.sizes.loading import at_once, imports
from builder.sizes.model import FileSize, Importer

LOADED = re.compile(rb"^(?:from|import)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)
"""An import that is not indented: it runs when the module is loaded, unless it is in a text."""

FOR_DEVELOPERS = {"tests", "test", "testing", "docs", "examples", "benchmarks"}


def importers(
    files: Iterable[FileSize], texts: Mapping[str, bytes]
) -> Mapping[tuple[str, str], Importer]:
    """Return, by the package that imports and the one that is imported, who does."""
    files = list(files)
    owners = _owners(files)
    found: dict[tuple[str, str], Importer] = {}
    for file in files:
        text = texts.get(file.name)
        if text is None or not file.name.endswith(".py"):
            continue
        if FOR_DEVELOPERS & set(file.name.split("/")[:-1]):
            continue
        names = {name.decode("ascii", "ignore") for name in LOADED.findall(text)}
        for other in {_owner(name, owners) for name in names} - {"", file.package}:
            key = (file.package, other)
            before = found.get(key)
            shorter = before is None or len(file.name) < len(before.example)
            example = file.name if shorter or before is None else before.example
            found[key] = Importer((before.count if before else 0) + 1, example)
    return found


def loader(
    files: Iterable[FileSize], texts: Mapping[str, bytes]
) -> Callable[[str], frozenset[str]]:
    """Return what says which packages importing a package imports; it is looked up when asked."""
    files = list(files)
    owners = _owners(files)
    kept = {
        file.name: texts[file.name]
        for file in files
        if file.name.endswith((".py", ".pyx"))
        and file.name in texts
        and not FOR_DEVELOPERS & set(file.name.split("/")[:-1])
    }
    # Reading the modules of a large package takes seconds, and is asked only where it is too large.
    read = cache(imports)
    return cache(lambda package: at_once(package, kept, lambda name: _owner(name, owners), read))


def _owners(files: Iterable[FileSize]) -> dict[str, str]:
    """Return the package behind each name that can be imported; none where several share it."""
    shares: dict[str, set[str]] = {}
    for file in files:
        if not file.name.endswith((".py", ".so")):
            continue
        parts = file.name.split("/")
        names = [*parts[:-1], parts[-1].partition(".")[0]][:2]
        for count in range(1, len(names) + 1):
            shares.setdefault(".".join(names[:count]), set()).add(file.package)
    return {name: next(iter(owners)) for name, owners in shares.items() if len(owners) == 1}


def _owner(name: str, owners: Mapping[str, str]) -> str:
    parts = name.split(".")
    return owners.get(parts[0]) or owners.get(".".join(parts[:2]), "")
