"""What all tests share: one embedded AWS for each worker, and the rules of the suite."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.needs import GUARD, Guard, needs_of

if TYPE_CHECKING:
    from embedded.aws import EmbeddedAws


def pytest_configure(config: pytest.Config) -> None:
    """Take interrupts even if whoever started us does not.

    A script's `make test &` starts us with interrupts ignored, children inherit that, and those
    that a test interrupts would never end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[GUARD] = Guard()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark tests by what they need, before they are selected by their marks."""
    for item in items:
        for mark in sorted(needs_of(item)):
            item.add_marker(mark)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Watch what the fixtures of a test start."""
    with item.config.stash[GUARD].watching(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Watch what a test starts."""
    with item.config.stash[GUARD].watching(item):
        return (yield)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS; tests share it, so each names its resources for itself."""
    from embedded.aws import EmbeddedAws
    from tests.models import models_parsed_once

    state: Path = tmp_path_factory.mktemp("embedded aws")
    with models_parsed_once(), EmbeddedAws(state) as embedded:
        yield embedded


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what was derived of the bindings is kept, for all workers of xdist together."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "schemas"


@pytest.fixture(scope="session")
def terraform() -> Path:
    """The real terraform; who uses it has the mark."""
    found = shutil.which(os.environ.get("TERRAFORM") or "terraform")
    if found is None:
        pytest.skip("needs terraform on the PATH, or TERRAFORM")
    return Path(found)
