"""What a first layers.toml will say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from builder.spec.dependency_lists import PROJECT_FILES
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES

LONGEST_FILE = 1_000_000
"""Bytes of a file that is read: what people write by hand is smaller."""

LONGEST_NAME = 40
"""Characters of a layer's name, so that there is room for the suffix of a second one."""


@dataclass(frozen=True)
class DraftLayer:
    """One layer: ``keys`` as layers.toml will have them, and ``origin``, where they come from.

    ``python`` and ``architecture`` are empty where the origin does not say them. ``remarks`` are
    sentences about what could not be carried over.
    """

    name: str
    origin: str
    keys: Mapping[str, Any]
    python: tuple[str, ...] = ()
    architecture: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A whole layers.toml; ``python`` and ``architecture`` are those of [defaults].

    ``built_by`` is what builds these layers already, which then needs no stack of ours.
    """

    app: str
    python: tuple[str, ...]
    architecture: str
    layers: tuple[DraftLayer, ...]
    remarks: tuple[str, ...] = field(default=())
    built_by: str = ""

    @property
    def all_remarks(self) -> list[str]:
        """The remarks on the folder and on its layers, each once."""
        layers = (remark for layer in self.layers for remark in layer.remarks)
        return list(dict.fromkeys((*self.remarks, *layers)))


def with_remarks(layers: list[DraftLayer], remarks: Iterable[str]) -> list[DraftLayer]:
    """Return layers of which the first has more remarks: those on all that was found."""
    if not layers:
        return []
    first = layers[0]
    return [replace(first, remarks=(*first.remarks, *remarks)), *layers[1:]]


def name_from(text: str, default: str) -> str:
    """Return a name for a layer that resembles a text, ``default`` if nothing is left of it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    name = re.sub(r"[^a-z0-9]+", "-", words.lower()).lstrip("0123456789-")[:LONGEST_NAME]
    return name.rstrip("-") or default


def apart(layers: Iterable[DraftLayer]) -> tuple[DraftLayer, ...]:
    """Return layers with names of their own: the second of a name is NAME-2."""
    taken: set[str] = set()
    found = []
    for layer in layers:
        name, number = layer.name, 1
        while name in taken:
            number += 1
            name = f"{layer.name}-{number}"
        taken.add(name)
        found.append(replace(layer, name=name))
    return tuple(found)


def runtimes_in(names: Iterable[Any]) -> tuple[str, ...]:
    """Return the Python versions of runtimes such as ``python3.12`` that Lambda has, each once."""
    versions = (str(name).removeprefix("python") for name in names)
    return tuple(dict.fromkeys(version for version in versions if version in RUNTIMES))


def architecture_in(names: Iterable[Any]) -> str:
    """Return the first architecture that Lambda has, "" for none."""
    return next((str(name) for name in names if name in ARCHITECTURES), "")


def contents_of(root: Path, folder: Path) -> dict[str, str]:
    """Return the key that takes what a folder below the root needs, {} if nothing can be used."""
    try:
        inside = folder.resolve().relative_to(root.resolve())
    except ValueError:
        return {}  # paths in layers.toml stay inside the project
    if (folder / "requirements.txt").is_file():
        return {"requirements": (inside / "requirements.txt").as_posix()}
    if any((folder / name).is_file() for name in PROJECT_FILES):
        return {"package": inside.as_posix()}
    return {}


def has_code(folder: Path) -> bool:
    """Whether there are Python files in a folder or below, environments and hidden ones apart."""
    apart = ("node_modules", "venv")
    return any(
        not any(part.startswith(".") or part in apart for part in path.relative_to(folder).parts)
        for path in folder.rglob("*.py")
    )


def code_left(folder: Path, shown: str, tool: str) -> list[str]:
    """Say that a tool puts the code in a folder into its layer, and a list of requirements not."""
    return [
        f"the .py files of {shown} are not in the layer: {tool} copies them, here they have to be "
        f'a package: a pyproject.toml beside them, and package = "{shown.rstrip("/")}"'
    ] * has_code(folder)


def read(path: Path) -> str:
    """Return the text of a file, "" for one that is no text, cannot be read or is too long."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            return ""
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
