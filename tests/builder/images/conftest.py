"""Registries on loopback, and a layer of packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builder.images import layer
from builder.images.layer import Layer
from tests.builder.images.test_layer import archive
from tests.registry import Registry

Start = Callable[..., Registry]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that serves a registry."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Registry(**options).serving())


@pytest.fixture
def packages(tmp_path: Path) -> Layer:
    """A layer with one module."""
    packed = archive(tmp_path / "packages.zip", {"python/tool.py": b"x = 1\n"})
    return layer.write(packed, tmp_path / "packages.tar.gz", below="opt")
