"""The `exclude` patterns that leave packages out, and nothing of others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from builder.sizes.model import FileSize

INFO = re.compile(r"^(?P<name>.+)-[^-/]+\.dist-info$")


def patterns(files: Iterable[FileSize], gone: Collection[str]) -> tuple[str, ...]:
    """Return anchored patterns for all files of some packages, as few as there can be."""
    tree: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
    for file in files:
        first, *rest = file.name.split("/")
        tree.setdefault(first, []).append((tuple(rest), file.package in gone))
    return tuple(_patterns("", tree))


def _patterns(above: str, tree: dict[str, list[tuple[tuple[str, ...], bool]]]) -> Iterable[str]:
    for name, files in sorted(tree.items()):
        if not any(is_gone for _, is_gone in files):
            continue
        if all(is_gone for _, is_gone in files):
            is_folder = bool(files[0][0])
            yield f"{above}/{_escaped(name)}{'/' if is_folder else ''}"
            continue
        inner: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
        for rest, is_gone in files:
            inner.setdefault(rest[0], []).append((rest[1:], is_gone))
        yield from _patterns(f"{above}/{_escaped(name)}", inner)


def _escaped(name: str) -> str:
    info = INFO.match(name)
    text = re.sub(r"([*?\[\\])", r"\\\1", info["name"] if info else name)
    return f"{text}-*.dist-info" if info else text
