"""An index on loopback whose wheels are sized and built."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builder.sizes.cache import VARIABLE
from tests.builder.conftest import write_tree
from tests.package_index import PackageIndex
from tests.worker.conftest import make_tools as make_tools
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache

Serve = Callable[..., PackageIndex]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that no other test has."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "own-cache"))
    return tmp_path / "own-cache"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder whose wheels the index serves."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a function that serves the shelf as the only index there is."""
    with ExitStack() as stack:

        def start(*, ranges: bool, **login: str) -> PackageIndex:
            index = PackageIndex(shelf, **login, ranges=ranges)
            monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
            for name in ("UV_INDEX", "UV_FIND_LINKS", "PIP_FIND_LINKS"):
                monkeypatch.delenv(name, raising=False)
            return stack.enter_context(index.serving())

        yield start


def source_alone(shelf: Path, name: str, tmp_path: Path) -> None:
    """Put version 1.0 of a distribution onto the shelf that has no wheel."""
    made = write_tree(
        tmp_path / f"made/{name}-1.0",
        {
            "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n",
            "pyproject.toml": f'[project]\nname = "{name}"\nversion = "1.0"\n',
        },
    )
    with tarfile.open(shelf / f"{name}-1.0.tar.gz", "w:gz") as archive:
        archive.add(made, f"{name}-1.0")
