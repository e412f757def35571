"""A release of two targets that is killed after each of its writes, and goes on."""

import pytest

from builder.errors import BuildFailed
from builder.release.plan import plan
from tests.builder.builds.test_obtain import BOTH, kinds, release
from tests.builder.conftest import World, die, hurried

PARTS = ["python3.12", "python3.13"]


@pytest.mark.parametrize("writes", range(14))
def test_after_a_kill_the_next_apply_goes_on_and_repeats_nothing(world: World, writes: int) -> None:
    die(world, writes, python=BOTH)

    if plan(world.layer(python=BOTH)).status != "current":
        world.release(world.layer(python=BOTH), clock=hurried())

    assert plan(world.layer(python=BOTH)).status == "current"
    assert (sorted(kinds(world)), world.versions()) == (["merge", *PARTS], [1])


@pytest.mark.parametrize("writes", range(1, 12))
def test_after_a_kill_a_forced_rebuild_is_still_one(world: World, writes: int) -> None:
    release(world)
    die(world, writes, force=True, python=BOTH)

    done = world.release(world.layer(python=BOTH), force=True, clock=hurried())

    assert done.version == 2
    assert sorted(kinds(world)) == sorted(["merge", *PARTS] * 2)


@pytest.mark.parametrize("writes", range(1, 11))
def test_after_a_kill_a_retry_builds_the_failed_target_once(world: World, writes: int) -> None:
    world.obey("fail", "on:python3.13")
    with pytest.raises(BuildFailed):
        release(world)
    world.obey("well")
    die(world, writes, python=BOTH)

    if plan(world.layer(python=BOTH)).status != "current":
        world.release(world.layer(python=BOTH), clock=hurried())

    assert sorted(kinds(world)) == sorted(["merge", *PARTS, "python3.13"])
    assert world.versions() == [1]
