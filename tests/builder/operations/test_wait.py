import time
from collections.abc import Callable
from typing import Any

import pytest

from builder.builds.attempt_state import PATIENCE
from builder.clock import Clock
from builder.errors import BuildFailed, LayerError
from builder.layer.record import Release
from builder.operations.wait import wait_for_release
from builder.release.release import advance, ensure
from tests.builder.conftest import World, order_of, quick
from tests.patience import wait_until


def begin(world: World, *behaviour: str) -> None:
    """Start a build of changed sources and leave it."""
    world.behave(*behaviour)
    layer = world.layer()
    with world.held():
        assert advance(layer, order_of(layer), clock=quick()) is None


def ended(world: World) -> None:
    wait_until(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")


def waited(
    world: World, *, timeout: float = 60, clock: Clock | None = None, lines: Any = None
) -> Release:
    progress: Callable[[str], None] = lines.append if lines is not None else lambda _line: None
    return wait_for_release(
        world.layer(), timeout=timeout, progress=progress, clock=clock or quick()
    )


def test_waiting_ends_with_the_release_that_another_caller_makes(world: World) -> None:
    begin(world, "well")
    ended(world)
    layer = world.layer()
    order = order_of(layer)
    lines: list[str] = []

    def sleep(_seconds: float) -> None:
        ensure(layer, order, clock=quick())

    release = waited(world, clock=Clock(sleep=sleep), lines=lines)

    assert release.version == 1
    assert lines == [f"build {world.builds()[0]['id']} has ended; it is being released"]


def test_a_layer_with_nothing_under_way_is_not_waited_for(world: World) -> None:
    expected = world.release()

    assert waited(world, clock=Clock(sleep=lambda _seconds: pytest.fail("it waited"))) == expected


def test_a_layer_without_any_build_cannot_be_waited_for(world: World) -> None:
    with pytest.raises(LayerError, match="no release, and none is under way"):
        waited(world)


def test_a_failed_build_ends_the_waiting_with_its_log(world: World) -> None:
    begin(world, "fail")

    with pytest.raises(BuildFailed, match="no such package: unobtainium"):
        waited(world)


def test_a_failure_that_is_not_the_builds_own_is_reported_too(world: World) -> None:
    begin(world, "nothing")
    ended(world)
    layer = world.layer()
    with pytest.raises(LayerError):
        advance(layer, order_of(layer), clock=quick())

    with pytest.raises(BuildFailed, match="left no artifact"):
        waited(world)


def test_waiting_has_an_end(world: World) -> None:
    begin(world, "wait", str(world.root / "go"))

    with pytest.raises(LayerError, match=r"not released within 0\.005 minutes") as caught:
        waited(world, timeout=0.3)
    assert "runs" in caught.value.where
    (world.root / "go").touch()


def test_a_release_that_no_one_makes_is_not_waited_for_longer_than_it_may_take(
    world: World,
) -> None:
    begin(world, "well")
    ended(world)
    long_after = time.time() + PATIENCE.total_seconds() + 60

    with pytest.raises(LayerError, match="has ended and was not released") as caught:
        waited(world, clock=Clock(now=lambda: long_after))
    assert "lambda-layer build web" in caught.value.fix
