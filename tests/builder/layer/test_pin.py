from dataclasses import replace

import pytest

from builder.layer.pin import pin_of
from builder.layer.record import Pin, Record, Release
from builder.release.plan import pinned_reason
from tests.builder.conftest import World
from tests.builder.remembered import release_of


def pin_to(release: Release, reason: str = "v2 is bad") -> Pin:
    return Pin(release, "alice", "2026-01-01T00:00:00Z", reason)


def pin(world: World, release: Release) -> None:
    world.layer().records.change(lambda record: replace(record, pinned=pin_to(release)))


def test_a_layer_that_no_one_pinned_has_no_pin(world: World) -> None:
    assert pin_of(world.layer(), None) is None
    assert pin_of(world.layer(), Record("web")) is None


def test_a_pin_holds_while_its_version_is_there(world: World) -> None:
    release = world.release()
    pin(world, release)
    layer = world.layer()

    assert pin_of(layer, layer.records.load()) == pin_to(release)
    world.delete_version(1)
    assert pin_of(layer, layer.records.load()) is None


@pytest.mark.parametrize(("force", "told"), [(True, True), (False, False)])
def test_the_reason_says_who_since_when_why_and_what_is_due_then(force: bool, told: bool) -> None:
    said = pinned_reason(pin_to(release_of(1)), "stale: app.py changed", force=force)

    assert said.startswith("pinned to version 1 by alice since 2026-01-01T00:00:00Z (v2 is bad); ")
    assert "once unpinned: stale: app.py changed" in said
    assert ("force_rebuild is ignored" in said) == told
