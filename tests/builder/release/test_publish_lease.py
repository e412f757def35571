"""One publishes a layer at a time: who waits for whom, and for how long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.layers import LayerVersion
from builder.clock import Clock
from builder.errors import ConflictError
from builder.layer.record import Lease
from builder.release.publish import LEASE_SECONDS, RENEWAL_SECONDS, publish
from tests.builder.conftest import World, quick
from tests.builder.release.test_publish import FastClock, built, published
from tests.patience import PATIENCE, wait_until


def test_the_lease_is_given_back(world: World) -> None:
    layer = world.layer()
    published(layer, *built(layer))

    record = layer.records.load()
    assert record is not None
    assert record.lease is None


def test_the_lease_of_a_dead_process_runs_out(world: World) -> None:
    layer, time = world.layer(), FastClock()
    artifact, token = built(layer)
    dead = Lease("somebody dead", time.time + LEASE_SECONDS)
    layer.records.change(lambda record: replace(record, lease=dead))

    assert published(layer, artifact, token, clock=time.clock()).version == 1
    assert LEASE_SECONDS - 1 <= sum(time.waits) <= LEASE_SECONDS + 1


def test_a_lease_that_is_renewed_for_ever_is_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each look is three calls: twice as long as a lease lives shows as much as twelve times.
    monkeypatch.setattr("builder.release.publish.PATIENCE", 2 * LEASE_SECONDS)
    layer, time = world.layer(), FastClock()
    artifact, token = built(layer)

    def renew(seconds: float) -> None:
        time.sleep(seconds * 20)
        lease = Lease("somebody busy", time.time + LEASE_SECONDS)
        layer.records.change(lambda record: replace(record, lease=lease))

    renew(0)
    clock = Clock(now=lambda: time.time, sleep=renew, owner="me")

    with pytest.raises(ConflictError, match="keeps publishing"):
        published(layer, artifact, token, clock=clock)

    assert world.versions() == []


def test_the_lease_of_code_that_took_over_is_not_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    other = Lease("somebody else", 9e12)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish

    def slowly(*arguments: Any, **options: Any) -> LayerVersion:
        layer.records.change(lambda record: replace(record, lease=other))
        return publishing(*arguments, **options)

    monkeypatch.setattr(layer.services.layers, "publish", slowly)
    published(layer, artifact, token)

    record = layer.records.load()
    assert record is not None
    assert record.lease == other


def test_a_lease_of_a_clock_that_is_behind_is_respected_while_it_is_renewed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, other = world.layer(), world.layer()
    artifact, token = built(layer)
    began = time.time() + 3600
    ahead = FastClock(began)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish
    second: list[LayerVersion] = []
    renewals: list[Callable[[], None]] = []

    @contextmanager
    def every(seconds: float, renew: Callable[[], None]) -> Iterator[None]:
        assert seconds <= LEASE_SECONDS / 3  # one or two that fail do not lose the lease
        renewals.append(renew)
        yield
        renewals.clear()

    def look(seconds: float) -> None:
        ahead.sleep(seconds)
        if len(ahead.waits) % RENEWAL_SECONDS == 0:
            for renew in renewals:
                renew()

    def release_other() -> None:
        clock = Clock(now=lambda: ahead.time, sleep=look, owner="ahead")
        second.append(published(other, artifact, replace(token, number=2), clock=clock))

    waiter = threading.Thread(target=release_other)

    def slowly(*arguments: Any, **options: Any) -> LayerVersion:
        waiter.start()
        over = began + 3 * LEASE_SECONDS
        wait_until(lambda: ahead.time > over or not waiter.is_alive(), "the other's looks")
        return publishing(*arguments, **options)

    monkeypatch.setattr(layer.services.layers, "publish", slowly)
    first = published(layer, artifact, token, clock=replace(quick(), every=every))
    waiter.join(PATIENCE)

    assert [version.arn for version in second] == [first.arn]
    assert world.versions() == [1]


def test_waiting_for_a_lease_is_reported(world: World) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    layer.records.change(lambda record: replace(record, lease=Lease("host:1", now.time + 9e6)))
    lines: list[str] = []

    publish(layer, artifact, token, since=0, clock=now.clock(), progress=lines.append)

    assert lines[0] == "waiting for host:1, which is publishing this layer"
    assert sum(now.waits) <= LEASE_SECONDS + 1
