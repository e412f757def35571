"""The compiled files of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Iterable, Mapping

from ..errors import BuildError
from . import elf
from .elf import Elf
from .files import LayerFile


@dataclass(frozen=True)
class Native:
    """A compiled file of the layer, with the distribution it belongs to."""

    file: LayerFile
    elf: Elf
    owner: str

    @property
    def is_extension(self) -> bool:
        """Whether its name says that it is a module for one kind of CPython."""
        return ".cpython-" in self.file.name or ".abi3." in self.file.name


def native_files(files: Iterable[LayerFile], owners: Mapping[str, str]) -> list[Native]:
    """Return the compiled files."""
    found = []
    for file in files:
        try:
            parsed = elf.read(file.path)
        except elf.ElfError as error:
            raise BuildError(
                str(error),
                where=file.name,
                expected="a file that can be loaded",
                fix="leave it out with the layer's exclude, or choose another version of "
                f"{owners.get(file.name, 'its package')}",
            ) from error
        if parsed:
            found.append(Native(file, parsed, owners.get(file.name, "")))
    return found


def libraries_of(natives: Iterable[Native]) -> set[str]:
    """Return the names under which the layer's own libraries can be found."""
    names = {PurePosixPath(native.file.name).name for native in natives}
    return names | {native.elf.soname for native in natives if native.elf.soname}
