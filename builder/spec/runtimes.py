"""Lambda's Python runtimes and architectures, as a table of data.

Sources of the facts:
- runtime, operating system: AWS Lambda developer guide, "Lambda runtimes".
- glibc: Amazon Linux 2 release notes (2.26), Amazon Linux 2023 release notes (2.34).
- build image: AWS SAM developer guide, "Image repositories"; the images are those of the runtimes
  with compilers added, one a runtime and architecture.
- environment type: AWS CodeBuild user guide, "Build environment compute modes and types".
- wheel platform: PEP 600. uv knows the glibc levels 2.17, 2.28 and 2.31 to 2.40, so 2.17 is the
  highest that fits Amazon Linux 2 and 2.34 fits Amazon Linux 2023 exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNZIPPED_LIMIT = 262_144_000
"""Bytes a function and all its layers may take unzipped (AWS Lambda developer guide, quotas)."""

IMAGE_LIMIT = 10 << 30
"""Bytes of an image that Lambda takes, uncompressed (AWS Lambda developer guide, quotas)."""

LAYERS_PER_FUNCTION = 5
"""Layers a function may have (AWS Lambda developer guide, quotas)."""


@dataclass(frozen=True)
class OperatingSystem:
    """The system a runtime runs on, as far as native code cares."""

    name: str
    glibc: str
    wheel_level: str


@dataclass(frozen=True)
class Architecture:
    """A CPU architecture by Lambda's name, with the names others give it."""

    name: str
    machine: str
    environment_type: str


AMAZON_LINUX_2 = OperatingSystem("Amazon Linux 2", glibc="2.26", wheel_level="manylinux_2_17")
AMAZON_LINUX_2023 = OperatingSystem("Amazon Linux 2023", glibc="2.34", wheel_level="manylinux_2_34")

RUNTIMES: dict[str, OperatingSystem] = {
    "3.9": AMAZON_LINUX_2,
    "3.10": AMAZON_LINUX_2,
    "3.11": AMAZON_LINUX_2,
    "3.12": AMAZON_LINUX_2023,
    "3.13": AMAZON_LINUX_2023,
    "3.14": AMAZON_LINUX_2023,
}

ARCHITECTURES: dict[str, Architecture] = {
    "arm64": Architecture("arm64", machine="aarch64", environment_type="ARM_CONTAINER"),
    "x86_64": Architecture("x86_64", machine="x86_64", environment_type="LINUX_CONTAINER"),
}


def by_version(python: Iterable[str]) -> list[str]:
    """Return Python versions, the lowest first."""
    return sorted(python, key=lambda version: tuple(int(part) for part in version.split(".")))


@dataclass(frozen=True, order=True)
class Target:
    """One runtime on one architecture, for example python3.12 on arm64.

    ``python`` is a key of :data:`RUNTIMES`, ``architecture`` one of :data:`ARCHITECTURES`.
    """

    python: str
    architecture: str

    @property
    def runtime(self) -> str:
        """Lambda's identifier of the runtime, for example ``python3.12``."""
        return f"python{self.python}"

    @property
    def glibc(self) -> str:
        """The version of glibc that the runtime has."""
        return RUNTIMES[self.python].glibc

    @property
    def platform(self) -> str:
        """The platform whose wheels fit, as uv's ``--python-platform`` names it."""
        machine = ARCHITECTURES[self.architecture].machine
        return f"{machine}-{RUNTIMES[self.python].wheel_level}"

    @property
    def build_image(self) -> str:
        """The CodeBuild image whose interpreter, glibc and machine are the runtime's."""
        return f"public.ecr.aws/sam/build-{self.runtime}:latest-{self.architecture}"

    @property
    def environment_type(self) -> str:
        """CodeBuild's environment type for the architecture."""
        return ARCHITECTURES[self.architecture].environment_type

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"
