"""A clone to run a demo in, and a mark by which all that it has started is found."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.standins.bindings import provider_schema
from embedded.standins.catalog import PROVIDERS
from tests.patience import wait_until

REPOSITORY = Path(__file__).parents[2]
COPIED = ("demo", "examples", "main.py", "layers.toml", "cdktf.json")
MARK = "DEMO_TEST_MARK"


@pytest.fixture
def clone(tmp_path: Path, schemas: Path) -> Path:
    """A clone; what was read out of the bindings for other tests is read in it already."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for provider in PROVIDERS:
        provider_schema(provider, schemas)
    for demo in (".demo", ".demo-hybrid"):
        shutil.copytree(schemas, folder / demo / "schemas", ignore=shutil.ignore_patterns("*.new"))
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


@pytest.fixture
def mark() -> Iterator[str]:
    mark = uuid.uuid4().hex
    yield mark
    for pid in marked(mark):
        os.kill(pid, signal.SIGKILL)


def marked(mark: str) -> list[int]:
    """Return the processes that the demo of this mark has started and that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if f"{MARK}={mark}".encode() in environment:
            found.append(int(entry.name))
    return found


def leaves_nothing(mark: str) -> None:
    wait_until(lambda: not marked(mark), "the end of all that the demo started")
