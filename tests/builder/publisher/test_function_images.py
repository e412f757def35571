"""Layers that are images: the publisher has them pushed, and releases what was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.start import started
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import PUSH
from builder.layer.record import Record
from builder.operations.logs import last_failed_build
from builder.operations.retire import Retirement, retire
from builder.operations.wait import wait_for_release
from builder.protocol.statuses import BUILDING, FAILED, IGNORED, RELEASED
from builder.publisher.function import Publisher
from builder.release.plan import plan
from builder.release.release import advance
from tests.builder.builds.test_push import held
from tests.builder.conftest import ACCOUNT, REGION, DoomedSession, Killed, World, order_of, quick
from tests.builder.layer.test_image_versions import base, image_layer, pushed, pushes
from tests.builder.publishing import begin, ended, last, publisher
from tests.builder.topics import read, topic_of
from tests.patience import PATIENCE, wait_until
from tests.registry import Registry

__all__ = ["base"]


def built(world: World, base: Registry) -> dict[str, Any]:
    """Have the image's artifact built, as an apply in async mode does; return the build's end."""
    begin(world, image_layer(world, base))
    return last(world)


def push_ended(world: World) -> dict[str, Any]:
    """Wait for the end of the last push, and return it."""
    wait_until(lambda: pushes(world)[-1]["buildStatus"] != "IN_PROGRESS")
    return ended(pushes(world)[-1])


def record(world: World, base: Registry) -> Record:
    found = image_layer(world, base).records.load()
    assert found is not None
    return found


def failing(base: Registry) -> dict[Any, Any]:
    """Let pushes fail for want of a base; return what it was."""
    manifests = dict(base.manifests)
    base.manifests.clear()
    return manifests


def test_the_image_is_pushed_when_it_is_built_and_released_when_it_is_pushed(
    world: World, base: Registry
) -> None:
    event = built(world, base)

    with held(world):
        begun = publisher(world).answer(event)
        assert (begun.what, begun.layer) == (BUILDING, "web")
        assert plan(image_layer(world, base), waits=False).status == "building"
        assert publisher(world).answer(event).what == BUILDING
    outcome = publisher(world).answer(push_ended(world))

    current = record(world, base).current
    assert current is not None
    assert (outcome.what, outcome.why) == (RELEASED, current.layer_arn)
    assert current.push == pushes(world)[-1]["id"]
    assert current.image_uri.startswith(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{world.name}/")
    assert (len(world.builds()), len(pushes(world)), len(pushed(world))) == (1, 1, 1)
    assert plan(image_layer(world, base), waits=False).status == "current"


def test_events_that_come_again_do_nothing(world: World, base: Registry) -> None:
    event = built(world, base)
    publisher(world).answer(event)
    pushed_event = push_ended(world)
    publisher(world).answer(pushed_event)
    before = record(world, base)

    for again in (event, pushed_event, event):
        assert publisher(world).answer(again).what == IGNORED

    assert record(world, base) == before
    assert (len(pushes(world)), len(pushed(world))) == (1, 1)


def test_the_builds_end_that_comes_after_that_of_the_push_releases_it_too(
    world: World, base: Registry
) -> None:
    event = built(world, base)
    publisher(world).answer(event)
    push_ended(world)

    assert publisher(world).answer(event).what == RELEASED
    assert publisher(world).answer(push_ended(world)).what == IGNORED


def test_a_push_that_fails_is_recorded_and_told_and_tried_again_by_an_apply_alone(
    world: World, base: Registry
) -> None:
    topic, queue = topic_of(world)
    event = built(world, base)
    manifests = failing(base)
    publisher(world, topic).answer(event)

    failed = publisher(world, topic).answer(push_ended(world))

    assert (failed.what, failed.layer) == (FAILED, "web")
    attempt = record(world, base).attempt
    assert attempt is not None
    assert attempt.failed == (PUSH,)
    assert attempt.failure.startswith("the push failed: there is no image")
    for again in (event, push_ended(world)):
        assert publisher(world, topic).answer(again).what == IGNORED
    (told,) = read(world, queue)
    assert "there is no image" in told["Message"]
    assert len(pushes(world)) == 1
    layer = image_layer(world, base)
    assert last_failed_build(layer) == pushes(world)[0]["id"]
    with pytest.raises(BuildFailed, match="there is no image"):
        wait_for_release(layer, timeout=PATIENCE, progress=lambda _line: None, clock=quick())
    planned = plan(layer, waits=False)
    assert (planned.status, planned.token.number) == ("failed", 2)

    base.manifests.update(manifests)
    assert advance(layer, order_of(layer), clock=quick()) is None  # the next apply
    assert publisher(world).answer(push_ended(world)).what == RELEASED
    assert (len(world.builds()), len(pushes(world)), len(pushed(world))) == (1, 2, 1)


def test_the_end_of_a_failed_push_that_comes_late_does_not_fail_the_next_attempt(
    world: World, base: Registry
) -> None:
    event = built(world, base)
    manifests = failing(base)
    publisher(world).answer(event)
    late = push_ended(world)
    publisher(world).answer(late)
    base.manifests.update(manifests)
    layer = image_layer(world, base)
    with held(world):
        assert advance(layer, order_of(layer), clock=quick()) is None
        unnoted(world, base)

        assert publisher(world).answer(late).what == IGNORED
    assert publisher(world).answer(push_ended(world)).what == RELEASED


def unnoted(world: World, base: Registry) -> None:
    """Let nobody have noted the push, as if who started it had died."""
    image_layer(world, base).records.change(
        lambda record: replace(
            record, attempt=replace(record.attempt, push="") if record.attempt else None
        )
    )


def test_a_push_that_nobody_has_noted_is_released(world: World, base: Registry) -> None:
    publisher(world).answer(built(world, base))
    event = push_ended(world)
    unnoted(world, base)

    assert publisher(world).answer(event).what == RELEASED
    current = record(world, base).current
    assert current is not None
    assert (current.push, len(pushes(world))) == (pushes(world)[0]["id"], 1)


def test_a_failed_push_that_nobody_has_noted_is_recorded_and_not_started_again(
    world: World, base: Registry
) -> None:
    event = built(world, base)
    failing(base)
    publisher(world).answer(event)
    push_ended(world)
    unnoted(world, base)

    assert publisher(world).answer(push_ended(world)).what == FAILED
    assert len(pushes(world)) == 1
    assert plan(image_layer(world, base), waits=False).status == "failed"


def test_publishers_at_the_same_time_start_one_push_and_release_one_image(
    world: World, base: Registry
) -> None:
    event = built(world, base)
    with ThreadPoolExecutor(3) as pool, held(world):
        begun = [pool.submit(publisher(world).answer, event) for _ in range(3)]
        assert {done.result(PATIENCE).what for done in begun} == {BUILDING}
    end = push_ended(world)
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(publisher(world).answer, each) for each in (event, end, end)]
        outcomes = {each.result(PATIENCE).what for each in done}

    assert outcomes <= {RELEASED, IGNORED}
    assert (len(pushes(world)), len(pushed(world))) == (1, 1)
    assert record(world, base).attempt is None


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(7))
def test_a_publisher_that_is_killed_is_continued_by_its_next_call(
    world: World, base: Registry, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.release.publish.LEASE_SECONDS", 0.0)
    event, left = built(world, base), writes
    doomed: Publisher = replace(publisher(world), session=DoomedSession(left))
    with suppress(Killed):
        doomed.answer(event)
        doomed.answer(push_ended(world))
    # A killed one may have started no push yet: Lambda calls it again.
    with suppress(LayerError):
        publisher(world).answer(event)
    if record(world, base).attempt is not None:
        publisher(world).answer(push_ended(world))

    assert (len(pushes(world)), len(pushed(world))) == (1, 1)
    assert plan(image_layer(world, base), waits=False).status == "current"


def test_a_layer_that_is_retired_while_its_image_is_pushed_leaves_nothing(
    world: World, base: Registry
) -> None:
    layer = image_layer(world, base)
    event = built(world, base)
    with held(world):
        publisher(world).answer(event)
        place = (world.name, REGION, ACCOUNT, world.session.credentials)
        end = Retirement("web", layer.site.layer_name, *place)
        retire(world.services, end, progress=lambda _line: None)
        wait_until(lambda: pushes(world)[-1]["buildStatus"] == "STOPPED")

    assert publisher(world).answer(push_ended(world)).what == IGNORED
    assert publisher(world).answer(event).what == IGNORED
    assert (pushed(world), world.keys("web/")) == ([], [])


def test_a_push_that_is_started_while_its_layer_is_retired_is_stopped(
    world: World, base: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = built(world, base)

    def then_retired(*values: Any, **fields: Any) -> BuildState:
        state = started(*values, **fields)
        for key in world.keys("web/"):
            world.delete(key)
        return state

    monkeypatch.setattr("builder.builds.push.started", then_retired)
    with held(world):
        assert publisher(world).answer(event).what == IGNORED
        wait_until(lambda: pushes(world)[-1]["buildStatus"] == "STOPPED")

    assert (pushed(world), len(pushes(world))) == ([], 1)


def test_a_build_of_a_project_that_pushes_another_layer_is_of_none(
    world: World, base: Registry
) -> None:
    publisher(world).answer(built(world, base))
    event = push_ended(world)
    strange = f"{world.name}_other"
    event["detail"]["project-name"] = strange
    assert publisher(world).answer(event).what == IGNORED

    event["detail"]["build-id"] = event["detail"]["build-id"].replace("_web:", "_other:")
    assert publisher(world).answer(event).what == IGNORED
    assert record(world, base).current is None
