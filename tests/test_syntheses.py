from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FunctionType
from typing import Any

import pytest

from tests.syntheses import leads_there, synthesizes


def by_itself(app: Any) -> str:
    return str(app.synth())


def by_another(app: Any) -> str:
    return by_itself(app)


def later() -> Callable[[Any], str]:
    def made(app: Any) -> str:
        return by_itself(app)

    return made


@contextmanager
def in_a_block(app: Any) -> Iterator[str]:
    yield by_itself(app)


def by_a_block(app: Any) -> str:
    with in_a_block(app) as made:
        return made


def by_its_name(stacks: Any) -> object:
    return stacks.synthesize()


@cache
def once(app: Any) -> str:
    return by_itself(app)


def by_what_is_kept(app: Any) -> str:
    return once(app)


def only_a_word() -> str:
    return "synth"


@pytest.mark.parametrize("function", [by_itself, by_another, later, by_a_block, by_its_name])
def test_what_synthesizes_is_told(function: FunctionType) -> None:
    assert leads_there(function)


@pytest.mark.parametrize("function", [by_what_is_kept, only_a_word])
def test_what_does_not_or_only_once_is_none(function: FunctionType) -> None:
    assert not leads_there(function)


@pytest.fixture(scope="module")
def made_once() -> Callable[[Any], str]:
    return by_itself


@pytest.fixture
def made_anew() -> Callable[[Any], str]:
    return by_itself


@pytest.mark.usefixtures("made_once")
def test_a_fixture_of_the_module_makes_no_test_slow(request: pytest.FixtureRequest) -> None:
    assert not synthesizes(request.node)
    assert "slow" not in request.keywords


@pytest.mark.usefixtures("made_anew")
def test_a_tests_own_fixture_makes_it_slow(request: pytest.FixtureRequest) -> None:
    assert synthesizes(request.node)
    assert "slow" in request.keywords
