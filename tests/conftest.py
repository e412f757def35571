"""What all tests share: one embedded AWS for each worker, and the rules of the suite."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.processes import collect_seldom
from tests import cost
from tests.cost import pytest_addoption
from tests.needs import GUARD, Guard, needs_of
from tests.wheel import installed_fixture, sdist_fixture, wheel_fixture

__all__ = ["installed_fixture", "pytest_addoption", "sdist_fixture", "wheel_fixture"]  # of all

if TYPE_CHECKING:
    from embedded.aws import EmbeddedAws


def pytest_configure(config: pytest.Config) -> None:
    """Let no child inherit that a signal is ignored: those that a test ends would go on.

    A script's `make test &` starts us with interrupts ignored, nohup with hang-ups ignored. A
    handler is not inherited, so one that does nothing keeps what nohup has promised to this run.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    config.stash[GUARD] = Guard()
    cost.pytest_configure(config)
    # Of the CPU of a terraform command a quarter goes into collecting garbage that ends with it.
    os.environ.setdefault("GOGC", "800")
    os.environ.setdefault("GOMEMLIMIT", "500MiB")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark tests by what they need, before they are selected by their marks."""
    for item in items:
        for mark in sorted(needs_of(item)):
            item.add_marker(mark)


def pytest_collection_finish() -> None:
    """Do not look through what was imported for the tests each time that garbage is collected."""
    collect_seldom()


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
