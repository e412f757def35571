from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from builder.errors import LayerError
from builder.layer.record import Pin, Record, Release
from builder.layer.releases import (
    current_release,
    known_release,
)
from builder.layer.token import Token
from tests.builder.conftest import World
from tests.builder.remembered import A, B, release_of

ONE, TWO, THREE = (release_of(number) for number in (1, 2, 3))
RECORD = Record("web", current=THREE, releases=(THREE, TWO, ONE))


def record_of(world: World) -> Record:
    record = world.layer().records.load()
    assert record is not None
    return record


def test_a_release_is_known_by_its_version_and_by_its_approval() -> None:
    assert [RECORD.release_of(version) for version in (1, 3, 4)] == [ONE, THREE, None]
    assert [RECORD.release_for(Token(A, number)) for number in (1, 3, 4)] == [ONE, THREE, None]
    assert RECORD.release_for(Token(B, 1)) is None


def test_a_current_or_pinned_release_is_known_though_the_list_has_dropped_it() -> None:
    record = Record("web", current=THREE, pinned=Pin(ONE, "alice", "2026-01-01T00:00:00Z"))

    assert record.all_releases == (THREE, ONE)
    assert (record.release_of(1), record.release_of(2)) == (ONE, None)


def test_a_version_that_was_adopted_again_is_the_release_that_adopted_it() -> None:
    again = release_of(4, version=1)
    pin = Pin(ONE, "alice", "2026-01-01T00:00:00Z")
    record = replace(RECORD, releases=(again, THREE, TWO), pinned=pin)

    assert record.release_of(1) == again


def test_a_layer_without_a_release_says_how_to_get_one(world: World) -> None:
    layer, empty = world.layer(), Record("web")
    ways: list[Callable[[], Release]] = [
        partial(current_release, layer, empty),
        partial(known_release, layer, empty, 1),
    ]
    for choose in ways:
        with pytest.raises(LayerError) as caught:
            choose()
        assert "lambda-layer build web" in caught.value.fix


def test_a_version_that_is_no_release_is_answered_with_those_there_are(world: World) -> None:
    with pytest.raises(LayerError, match="version 9 is no release of layer 'web'") as caught:
        known_release(world.layer(), RECORD, 9)

    assert caught.value.expected == "one of the versions 1, 2, 3"
