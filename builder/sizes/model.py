"""What is predicted of a layer: values, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from builder.sizes.graph import Graph
from builder.spec.runtimes import UNZIPPED_LIMIT, Target

WARNING_SHARE = 0.8
"""Of the limit: from here on little is left for the function itself."""

FITS, CLOSE, TOO_LARGE, UNKNOWN = "fits", "close", "too large", "unknown"


@dataclass(frozen=True)
class FileSize:
    """One file of the layer: bytes unzipped, and what it takes in the zip with its headers."""

    name: str
    package: str
    size: int
    packed: int


@dataclass(frozen=True)
class PackageSize:
    """One package: bytes unzipped and zipped; ``unknown`` says why its size is not known."""

    name: str
    version: str
    size: int = 0
    packed: int = 0
    files: int = 0
    unknown: str = ""


@dataclass(frozen=True)
class Importer:
    """How many modules of a package import another while they are loaded, and one of them."""

    count: int
    example: str


@dataclass(frozen=True)
class TargetSize:
    """What one target takes.

    ``saves`` has, by slim option and package, the bytes that an option that is set has saved, or
    one that is not set would save besides. ``prefix`` is the folder of the files in the layer,
    ``importers`` has, by a package and one that it imports, the modules that do so.
    """

    target: Target
    prefix: str
    packages: tuple[PackageSize, ...]
    files: tuple[FileSize, ...]
    graph: Graph
    saves: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    slim: tuple[str, ...] = ()
    excluded: int = 0
    importers: Mapping[tuple[str, str], Importer] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes unzipped, as far as they are known."""
        return sum(file.size for file in self.files)

    @property
    def packed(self) -> int:
        """Bytes in the zip."""
        return sum(file.packed for file in self.files)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Bytes unzipped by package."""
        return {package.name: package.size for package in self.packages}

    @cached_property
    def exclusive(self) -> Mapping[str, int]:
        """Bytes unzipped that would go with each package: its own, and what only it needs."""
        return {
            name: sum(self.sizes.get(other, 0) for other in gone)
            for name, gone in self.graph.exclusive.items()
        }

    @property
    def unknown(self) -> tuple[PackageSize, ...]:
        """The packages whose sizes are not known."""
        return tuple(package for package in self.packages if package.unknown)


@dataclass(frozen=True)
class LayerSize:
    """What a layer takes: all of its targets together, as Lambda counts them."""

    name: str
    targets: tuple[TargetSize, ...]
    notes: tuple[str, ...] = ()
    limit: int = UNZIPPED_LIMIT

    @property
    def size(self) -> int:
        """Bytes unzipped, as far as they are known."""
        return sum(target.size for target in self.targets)

    @property
    def packed(self) -> int:
        """Bytes of the zip, with the end of its directory."""
        return sum(target.packed for target in self.targets) + 22

    @property
    def is_known(self) -> bool:
        """Whether the size of every package is known."""
        return not any(target.unknown for target in self.targets)

    @property
    def verdict(self) -> str:
        """``fits``, ``close`` from 80 %, ``too large``, or ``unknown`` when that may change it."""
        if self.size > self.limit:
            return TOO_LARGE
        if not self.is_known:
            return UNKNOWN
        return CLOSE if self.size > self.limit * WARNING_SHARE else FITS
