"""One distribution of a lock file, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HASH = re.compile(r"[a-z0-9_]+:[0-9a-fA-F]+")
URL = re.compile(r"(git\+[!-#%-~]+)?")
"""No spaces, and no `$`: uv takes variables from the environment of the build."""


@dataclass(frozen=True)
class Entry:
    """One distribution of a lock: ``indexed`` if it comes from an index, ``url`` if from git.

    ``marker`` says when it is needed, "" for always; ``hashes`` are those of its files, such as
    ``sha256:...``.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    indexed: bool
    url: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for what would not stay in its place in a requirements file."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r:.100} is no name of a distribution")
        if self.version:
            Version(self.version)
        elif self.indexed:
            raise ValueError(f"{self.name} has no version")
        if not all(isinstance(digest, str) and HASH.fullmatch(digest) for digest in self.hashes):
            raise ValueError(f"{self.name} has a hash that is none")
        if not URL.fullmatch(self.url):
            raise ValueError(f"{self.url!r:.100} is no URL of a repository")


class UnknownFormat(Exception):
    """A lock says that it is of a version of its format that is not known; the text says which."""


def any_of(markers: Iterable[str]) -> str:
    """Return the marker that holds if one of several does; raise ValueError for what is none."""
    # Only here: a plan of layers without a lock does not wait for its imports.
    from packaging.markers import InvalidMarker, Marker

    try:
        several = [str(Marker(text)) for text in markers if text]
    except InvalidMarker as error:
        raise ValueError(str(error)) from error
    return " or ".join(f"({text})" for text in several) if len(several) > 1 else "".join(several)


def hashes_of(files: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the hashes of those files that have one, as uv and Poetry write them."""
    found = (file.get("hash") for file in files)
    return tuple(digest for digest in found if digest is not None)


def git_reference(url: str, commit: str, folder: str = "") -> str:
    """Return the direct reference to a commit of a git repository, and to a folder in it."""
    return f"git+{url}@{commit}" + (f"#subdirectory={folder}" if folder else "") if url else ""
