from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from hybrid_service.aws import Store
from hybrid_service.errors import LeaseLost
from hybrid_service.state import RUNNING, STARTING, STOPPED
from hybrid_service.task.lease import Lease
from tests.hybrid_service.conftest import Bench


class Deaf:
    """S3 whose answers to writes get lost, as often as it is said."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)

    def put_object(self, **request: Any) -> Any:
        answer = self.s3.put_object(**request)
        if self.lost:
            self.lost -= 1
            raise ReadTimeoutError(endpoint_url="s3")
        return answer


def take(bench: Bench, store: Store | None = None) -> Lease:
    lease = Lease(store or bench.store, bench.claim(), 30)
    lease.take("task")
    return lease


def test_the_claim_is_taken_once(bench: Bench) -> None:
    lease = take(bench)
    assert lease.holds
    assert (bench.state().phase, bench.state().task) == (STARTING, "task")
    with pytest.raises(LeaseLost, match="does not have"):
        Lease(bench.store, lease.generation, 30).take("another")


def test_a_claim_for_another_task_is_not_taken(bench: Bench) -> None:
    generation = bench.claim()
    seen = bench.store.read()
    bench.store.write(seen.state.changed(task="mine"), seen.etag)
    with pytest.raises(LeaseLost):
        Lease(bench.store, generation, 30).take("yours")
    Lease(bench.store, generation, 30).take("mine")


def test_changes_of_a_lost_answer_are_no_loss_of_the_lease(bench: Bench) -> None:
    deaf = Deaf(bench.s3)
    lease = take(bench, Store(bench.store.bucket, bench.store.prefix, deaf))
    deaf.lost = 1
    with pytest.raises(ReadTimeoutError):
        lease.update(phase=RUNNING)
    lease.update(endpoint="10.0.0.1:1")
    assert lease.holds
    assert bench.state().endpoint == "10.0.0.1:1"


def test_the_next_generation_ends_the_lease_for_ever(bench: Bench) -> None:
    lease = take(bench)
    bench.claim(by_force=True)
    with pytest.raises(LeaseLost):
        lease.update(phase=RUNNING)
    assert not lease.holds
    with pytest.raises(LeaseLost):
        lease.update(phase=RUNNING)
    assert bench.state().generation == lease.generation + 1


def test_a_task_that_was_said_to_be_dead_does_not_come_back(bench: Bench) -> None:
    lease = take(bench)
    seen = bench.store.read()
    bench.store.write(seen.state.changed(phase=STOPPED, lease=0.0), seen.etag)
    with pytest.raises(LeaseLost):
        lease.update(phase=RUNNING)


def test_what_was_given_back_is_free(bench: Bench) -> None:
    lease = take(bench)
    lease.release("done", failed=False)
    assert not lease.holds
    assert not bench.store.read().is_held
    assert bench.state().reason == "done"
