"""The files of a layer: which there are, and under which names and modes they are packed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError


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


def collect(root: Path) -> list[LayerFile]:
    """Return all files below the layer's root, by name; links inside it count as what they show."""
    real_root = root.resolve()
    found = []
    for folder, folders, names in os.walk(root):
        for name in [*names, *(f for f in folders if (Path(folder) / f).is_symlink())]:
            found.append(_file(root, real_root, Path(folder) / name))
    return sorted(found, key=lambda file: file.name.encode("utf-8"))


def _file(root: Path, real_root: Path, path: Path) -> LayerFile:
    name = path.relative_to(root).as_posix()
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _refusal("its name is not UTF-8", repr(name)) from error
    real = path.resolve()
    if path.is_symlink() and (real_root not in real.parents or not real.is_file()):
        raise _refusal(f"it is a link to {path.readlink()}", name)
    info = real.stat()
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
