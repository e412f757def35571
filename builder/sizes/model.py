"""What is predicted of a layer: values, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from builder.sizes.graph import Graph
from builder.sizes.together import Together
from builder.sizes.verdicts import CLOSE as CLOSE
from builder.sizes.verdicts import FITS as FITS
from builder.sizes.verdicts import TOO_LARGE as TOO_LARGE
from builder.sizes.verdicts import UNKNOWN as UNKNOWN
from builder.spec.runtimes import UNZIPPED_LIMIT, Target

WARNING_SHARE = 0.8
"""Of the limit: from here on little is left for the function itself."""


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
    ``importers`` has, by a package and one that it imports, the modules that do so. ``at_once``
    returns the packages that importing a package imports.
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
    at_once: Callable[[str], frozenset[str]] = field(
        default=lambda _: frozenset(), repr=False, compare=False
    )

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
    """What a layer takes: all of its targets together, as Lambda counts them.

    ``shared`` is the function that gets most beside the layer, None where it gets nothing else.
    """

    name: str
    targets: tuple[TargetSize, ...]
    notes: tuple[str, ...] = ()
    limit: int = UNZIPPED_LIMIT
    shared: Together | None = None

    @property
    def size(self) -> int:
        """Bytes unzipped, as far as they are known."""
        return sum(target.size for target in self.targets)

    @property
    def packed(self) -> int:
        """Bytes of the zip, with the end of its directory."""
        return sum(target.packed for target in self.targets) + 22

    @property
    def others(self) -> int:
        """Bytes unzipped of the other layers of that function, as far as they are known."""
        return self.shared.size - self.size if self.shared else 0

    @property
    def room(self) -> int:
        """Bytes unzipped that the other layers leave of the limit; below 0 if they exceed it."""
        return self.limit - self.others

    @property
    def is_known(self) -> bool:
        """Whether the size of every package is known."""
        return not any(target.unknown for target in self.targets)

    @property
    def verdict(self) -> str:
        """``fits``, ``close`` from 80 %, ``too large``, or ``unknown`` when that may change it.

        The other layers of its function count, as they do for Lambda.
        """
        whole = self.size + self.others
        if whole > self.limit:
            return TOO_LARGE
        if not self.is_known:
            return UNKNOWN
        return CLOSE if whole > self.limit * WARNING_SHARE else FITS
