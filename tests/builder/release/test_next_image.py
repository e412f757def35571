"""What a plan says of the image that comes is what the release then leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builder.release.next_image import image_there, next_image
from builder.release.plan import plan
from builder.release.release import advance
from tests.builder.builds.test_push import held, killed
from tests.builder.conftest import World, order_of, quick
from tests.builder.layer.test_image_versions import HOST, base, image_layer, pushed, pushes
from tests.builder.layer.test_pin import pin_to
from tests.patience import wait_until
from tests.registry import Registry

__all__ = ["base"]

SOURCES = "x = 'as it was'\n"


def planned(world: World, base: Registry, *, force: bool = False, waits: bool = True) -> str:
    """Return the image that a plan names now."""
    layer = image_layer(world, base)
    return next_image(layer, plan(layer, force=force, waits=waits), waits=waits)


def test_the_first_image_is_named_before_it_is_there(world: World, base: Registry) -> None:
    named = planned(world, base)
    assert pushed(world) == []

    release = world.release(image_layer(world, base))

    assert named == release.image_by_tag
    assert named == f"{HOST}/{world.name}/web:{release.fingerprint}-1"
    assert pushed(world) == [named.rpartition(":")[2]]
    assert planned(world, base) == named  # of what is current


def test_sources_that_go_back_name_the_image_that_they_had(world: World, base: Registry) -> None:
    world.edit(SOURCES)
    first = world.release(image_layer(world, base))
    world.edit()
    second = planned(world, base)
    assert world.release(image_layer(world, base)).image_by_tag == second != first.image_by_tag
    world.edit(SOURCES)

    named = planned(world, base)

    assert named == first.image_by_tag
    again = world.release(image_layer(world, base))
    assert (again.number, again.version, again.image_by_tag) == (3, 1, named)
    assert planned(world, base) == named


def test_a_forced_rebuild_names_another_image_of_the_same_sources(
    world: World, base: Registry
) -> None:
    first = world.release(image_layer(world, base))

    named = planned(world, base, force=True)

    assert named == f"{HOST}/{world.name}/web:{first.fingerprint}-2"
    assert world.release(image_layer(world, base), force=True).image_by_tag == named


def test_what_a_push_leaves_whose_apply_was_killed_is_named_while_it_runs_and_after(
    world: World, base: Registry
) -> None:
    layer = image_layer(world, base)
    with held(world):
        order = order_of(layer)
        world.put("web/approved", str(order.token).encode())
        while not pushes(world):
            advance(layer, order, clock=quick())
        running = planned(world, base)
    wait_until(lambda: pushed(world) != [], "the image")

    assert running == planned(world, base)
    assert running.endswith(f"-{order.token.number}")
    release = world.release(image_layer(world, base))
    assert release.number > order.token.number
    assert release.image_by_tag == running


def test_a_pinned_layer_names_the_pinned_image(world: World, base: Registry) -> None:
    first = world.release(image_layer(world, base))
    world.edit()
    world.release(image_layer(world, base))
    image_layer(world, base).records.change(lambda record: replace(record, pinned=pin_to(first)))

    assert planned(world, base) == first.image_by_tag


def test_where_nobody_waits_the_image_is_that_of_the_last_release(
    world: World, base: Registry
) -> None:
    named = planned(world, base, waits=False)
    first = world.release(image_layer(world, base))
    assert named == first.image_by_tag
    world.edit()

    assert planned(world, base, waits=False) == first.image_by_tag
    assert planned(world, base) != first.image_by_tag


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(1, 12, 2))
def test_killed_after_any_write_the_next_plan_names_what_is_there_in_the_end(
    world: World, base: Registry, writes: int
) -> None:
    killed(world, base, writes)
    ended = ("FAILED", "SUCCEEDED")
    wait_until(lambda: all(b["buildStatus"] in ended for b in [*world.builds(), *pushes(world)]))

    named = planned(world, base)

    assert world.release(image_layer(world, base)).image_by_tag == named


def test_an_image_is_there_once_a_release_has_it_until_it_is_pruned(
    world: World, base: Registry
) -> None:
    named = planned(world, base)
    layer = image_layer(world, base)
    assert image_there(layer, named) == image_there(layer, "") == ""

    release = world.release(layer)

    assert image_there(layer, named) == named
    layer.records.change(lambda record: record.pruning([release.layer_arn]))
    assert image_there(layer, named) == ""
