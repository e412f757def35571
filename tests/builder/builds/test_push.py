"""The build that pushes an image: found again, joined, killed, failed, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from builder.aws.store import StoredObject
from builder.builds.push import recent_pushes, upload_program
from builder.errors import BuildFailed
from builder.layer.attempt import PUSH
from builder.layer.connected import services_at
from builder.layer.layer import Layer
from builder.operations.logs import builds_of, last_failed_build
from builder.operations.retire import Retirement, retire
from builder.release.plan import plan
from builder.release.release import advance, ensure
from tests.builder.conftest import (
    ACCOUNT,
    REGION,
    DoomedSession,
    Killed,
    World,
    order_of,
    quick,
)
from tests.builder.layer.test_image_versions import base, image_layer, pushed, pushes
from tests.patience import wait_until
from tests.registry import Registry

__all__ = ["base"]


@contextmanager
def held(world: World) -> Iterator[None]:
    """Let every push wait inside the block."""
    (world.root / "hold-push").touch()
    try:
        yield
    finally:
        (world.root / "hold-push").unlink()


def built(world: World, base: Registry) -> Layer:
    """Have the layer built, and its push failed for want of a base."""
    manifests = dict(base.manifests)
    base.manifests.clear()
    with pytest.raises(BuildFailed, match="there is no image"):
        world.release(image_layer(world, base))
    base.manifests.update(manifests)
    return image_layer(world, base)


def killed(world: World, base: Registry, writes: int) -> bool:
    """Release as a process that is killed after so many writes; whether it came so far."""
    layer = image_layer(world, base)
    order = order_of(layer)
    world.put("web/approved", str(order.token).encode())
    services = world.connect(DoomedSession(writes))
    mine = replace(layer, services=services_at(layer.spec, layer.site, services))
    try:
        ensure(mine, order, clock=quick())
    except Killed:
        return True
    return False


def test_a_push_that_failed_is_noted_and_tried_again_without_a_build(
    world: World, base: Registry
) -> None:
    layer = built(world, base)

    attempt = layer.records.load_or_new().attempt
    assert attempt is not None
    assert (attempt.failed, attempt.push) == ((PUSH,), pushes(world)[0]["id"])
    assert attempt.failure.startswith("the push failed: there is no image")
    assert plan(layer).status == "failed"
    assert last_failed_build(layer) == attempt.push
    release = world.release(layer)
    assert pushed(world) == [f"{release.fingerprint}-2"]
    assert (len(world.builds()), len(pushes(world))) == (1, 2)
    assert release.push == pushes(world)[1]["id"]
    assert list(builds_of(layer)) == ["", PUSH]


def test_a_push_that_runs_is_joined_though_nobody_has_noted_it(
    world: World, base: Registry
) -> None:
    layer = built(world, base)
    with held(world):
        order = order_of(layer)
        world.put("web/approved", str(order.token).encode())
        assert advance(layer, order, clock=quick()) is None
        assert [state.running for _, state in recent_pushes(layer)] == [True, False]
        layer.records.change(
            lambda record: replace(
                record, attempt=replace(record.attempt, push="") if record.attempt else None
            )
        )
        assert advance(layer, order, clock=quick()) is None
    release = world.release(image_layer(world, base))

    assert release.image_uri
    assert len(pushes(world)) == 2
    assert len(pushed(world)) == 1


def test_two_that_bring_the_program_at_once_start_one_version_of_it(
    world: World, base: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = image_layer(world, base)
    store = layer.services.store
    first = upload_program(layer)
    looks = [None]

    def read(key: str) -> StoredObject | None:
        """See nothing at first, as one who has looked before the other wrote."""
        return looks.pop() if looks else type(store).read(store, key)

    monkeypatch.setattr(store, "read", read)
    assert upload_program(layer) == first
    assert looks == []


def test_another_program_under_its_name_is_not_run(world: World, base: Registry) -> None:
    layer = image_layer(world, base)
    key, version = upload_program(layer)
    world.put(key, b"print('ours')")

    again = upload_program(layer)
    assert (again[0], again[1] != version) == (key, True)
    assert world.read(key) != b"print('ours')"


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(1, 10))
def test_killed_after_any_write_one_image_is_there_in_the_end(
    world: World, base: Registry, writes: int
) -> None:
    built(world, base)

    killed(world, base, writes)
    wait_until(lambda: all(b["buildStatus"] != "IN_PROGRESS" for b in pushes(world)))
    release = world.release(image_layer(world, base))

    assert len(pushed(world)) == 1
    assert release.image_uri
    assert len(world.builds()) == 1
    assert plan(image_layer(world, base)).status == "current"


def test_a_layer_that_is_retired_is_pushed_no_more(world: World, base: Registry) -> None:
    layer = built(world, base)
    said: list[str] = []
    with held(world):
        order = order_of(layer)
        world.put("web/approved", str(order.token).encode())
        assert advance(layer, order, clock=quick()) is None
        world.delete("web/record.json")  # so that only the project knows of the push
        world.delete("web/approved")
        place = (world.name, REGION, ACCOUNT, world.session.credentials)
        retirement = Retirement("web", layer.site.layer_name, *place)
        retire(world.services, retirement, progress=said.append)

    assert [b["buildStatus"] for b in pushes(world)] == ["FAILED", "STOPPED"]
    assert pushed(world) == []
