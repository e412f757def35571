"""The files of a layer: which there are, and under which names and modes they are packed."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Collection, Iterator

from ..errors import BuildError

LONGEST = 80
"""Characters that are shown of the name of a folder that is too deep."""

DEEPEST = 200
"""Folders in folders: pathlib and importlib go no deeper than Python's stack, which is 1000."""


@dataclass(frozen=True)
class LayerFile:
    """One file: its name in the layer, where its bytes are, and whether it can be executed.

    ``data`` is set when other bytes than the file's own go into the layer.
    """

    name: str
    path: Path
    size: int
    executable: bool = False
    data: bytes | None = None

    @property
    def mode(self) -> int:
        """The mode the file has in the layer: what the build's umask was does not matter."""
        return 0o755 if self.executable else 0o644

    def replaced(self, data: bytes) -> LayerFile:
        """Return the same file with other bytes."""
        return LayerFile(self.name, self.path, len(data), self.executable, data)


def names(root: Path) -> set[str]:
    """Return the names of all files below a folder, links too, relative to it."""
    start = len(str(root)) + 1
    return {entry.path[start:].replace(os.sep, "/") for entry in _entries(str(root))}


def fresh(folder: Path) -> Path:
    """Return an empty folder at the path: nothing of an earlier build may get into this one."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def collect(root: Path, known: Collection[str] = ()) -> list[LayerFile]:
    """Return all files below the layer's root, by name; links inside it count as what they show.

    Files whose names are ``known`` are left out.
    """
    real_root = root.resolve()
    start = len(str(real_root)) + 1
    left = (entry for entry in _entries(str(real_root)) if entry.path[start:] not in known)
    found = [_file(real_root, entry) for entry in left]
    return sorted(found, key=lambda file: file.name.encode("utf-8", "surrogateescape"))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield what is no folder, at any depth; a link to a folder is a link."""
    left = [(folder, 0)]
    while left:
        place, depth = left.pop()
        if depth > DEEPEST:
            below = place[len(folder) + 1 :]
            raise _refusal(f"it is more than {DEEPEST} folders deep", f"{below[:LONGEST]}...")
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append((entry.path, depth + 1))
                else:
                    yield entry


def _file(root: Path, entry: os.DirEntry[str]) -> LayerFile:
    name = entry.path[len(str(root)) + 1 :]
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _refusal("its name is not UTF-8", repr(name)) from error
    real = Path(entry.path)
    if entry.is_symlink():
        real = real.resolve()
        if root not in real.parents or not real.is_file():
            raise _refusal(f"it is a link to {Path(entry.path).readlink()}", name)
    info = entry.stat()
    if not stat.S_ISREG(info.st_mode):
        raise _refusal("it is neither a file nor a link to one", name)
    return LayerFile(name, real, info.st_size, bool(info.st_mode & 0o111))


def _refusal(why: str, name: str) -> BuildError:
    return BuildError(
        f"a file cannot be packed: {why}",
        where=name,
        expected="files, and links to files inside the layer",
        fix="leave it out with the layer's exclude, or change the package that brings it",
    )
