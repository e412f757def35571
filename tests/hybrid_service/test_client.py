"""The client against a real S3, with a cluster that runs tasks as processes of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hybrid_service.aws import Cluster, Store
from hybrid_service.client import Endpoint, Finder
from hybrid_service.errors import ServiceError, ServiceFailed, ServiceUnavailable, SettingsError
from hybrid_service.settings import place
from hybrid_service.state import CLAIMED, RUNNING, SETTINGS_KEY, STOPPED, State
from tests.hybrid_service.conftest import Bench, Task, ask
from tests.patience import PATIENCE, wait_until

Ended = Callable[[str], str | None]


class Processes(Cluster):
    """A cluster whose tasks are processes on this machine."""

    def __init__(self, bench: Bench, **settings: Any) -> None:
        self.bench = bench
        self.settings = settings
        self.tasks: list[Task] = []
        self.stopped: list[str] = []
        self.error: Exception | None = None
        self.is_slow = threading.Event()
        self.is_slow.set()

    def run(
        self, task_definition: str, container: str, environment: Mapping[str, str], **_: Any
    ) -> str:
        if self.error:
            raise self.error
        self.is_slow.wait(PATIENCE)
        generation = int(environment["HYBRID_GENERATION"])
        self.tasks.append(self.bench.start(generation=generation, **self.settings))
        return self.tasks[-1].arn

    def ended(self, task: str) -> str | None:
        status = next(one.process.poll() for one in self.tasks if one.arn == task)
        return None if status is None else f"exit code {status}"

    def stop(self, task: str, reason: str) -> None:
        self.stopped.append(task)


def finder(bench: Bench, cluster: Cluster, **settings: Any) -> Finder:
    document = {
        "cluster": "c",
        "task_definition": "t",
        "container": "service",
        "subnets": ["subnet-1"],
        "security_groups": ["sg-1"],
        **settings,
    }
    bench.store.s3.put_object(
        Bucket=bench.store.bucket,
        Key=bench.store.prefix + SETTINGS_KEY,
        Body=json.dumps(document).encode(),
    )
    store = Store(bench.store.bucket, bench.store.prefix, bench.s3)
    return Finder("ledger", store, cluster)


def test_many_that_start_at_once_start_one_task(bench: Bench) -> None:
    cluster = Processes(bench)
    finder(bench, cluster)  # writes the settings

    def find(_: int) -> Endpoint:
        return Finder("ledger", bench.store, cluster).find(PATIENCE)

    with ThreadPoolExecutor(60) as pool:
        found = set(pool.map(find, range(60)))
    assert len(found) == 1
    assert len(cluster.tasks) == 1
    assert bench.state().generation == 1
    ask(f"{found.pop()}".removeprefix("http://"), "/4", post=True)


def test_of_thousands_of_claims_one_is_first(bench: Bench) -> None:
    seen = bench.store.read()

    def claim(_: int) -> bool:
        return bench.store.write(seen.claimed(30), seen.etag) is not None

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(1000))) == 1
    assert bench.state().generation == 1


def test_a_task_that_runs_is_found_and_no_other_started(bench: Bench) -> None:
    cluster = Processes(bench)
    first = finder(bench, cluster).find(PATIENCE)
    assert finder(bench, cluster).find(PATIENCE) == first
    assert len(cluster.tasks) == 1
    assert ask(f"{first.host}:{first.port}") == []


def test_a_dead_task_is_replaced_before_its_lease_ends(bench: Bench) -> None:
    cluster = Processes(bench, lease=3000)
    first = finder(bench, cluster).find(PATIENCE)
    cluster.tasks[0].kill()
    second = finder(bench, cluster).find(PATIENCE)
    assert (first.generation, second.generation) == (1, 2)
    assert len(cluster.tasks) == 2


def test_a_task_without_a_lease_is_stopped_when_it_is_replaced(bench: Bench) -> None:
    bench.claim()
    seen = bench.store.read()
    bench.store.write(seen.state.changed(phase=RUNNING, task="old", lease=-60.0), seen.etag)
    cluster = Processes(bench)
    assert finder(bench, cluster).find(PATIENCE).generation == 2
    assert cluster.stopped == ["old"]


def test_a_client_that_dies_between_claim_and_task_is_replaced(bench: Bench) -> None:
    bench.claim()
    bench.expire()
    assert finder(bench, Processes(bench)).find(PATIENCE).generation == 2


def test_after_an_idle_stop_the_service_starts_with_its_data(bench: Bench) -> None:
    cluster = Processes(bench)
    first = finder(bench, cluster).find(PATIENCE)
    ask(f"{first.host}:{first.port}", "/8", post=True)
    assert cluster.tasks[0].end() == 0
    second = finder(bench, cluster).find(PATIENCE)
    assert ask(f"{second.host}:{second.port}") == [8]


def test_a_task_that_is_ending_is_waited_for(bench: Bench) -> None:
    cluster = Processes(bench)
    finder(bench, cluster).find(PATIENCE)
    seen = bench.store.read()
    cluster.tasks[0].kill()
    state = seen.state.changed(phase="stopping", endpoint="", task="", lease=3.0)
    assert bench.store.write(state, bench.store.read().etag)
    assert finder(bench, cluster).find(PATIENCE).generation == 2


def test_what_ecs_refuses_is_said_and_the_claim_given_back(bench: Bench) -> None:
    cluster = Processes(bench)
    cluster.error = ServiceError("ECS does not start the task", expected="RESOURCE:CPU")
    with pytest.raises(ServiceFailed, match="did not start") as caught:
        finder(bench, cluster).find(PATIENCE)
    assert "RESOURCE:CPU" in caught.value.where
    assert (bench.state().phase, bench.state().failed) == (STOPPED, True)

    cluster.error = None
    assert finder(bench, cluster).find(PATIENCE).generation == 2


def test_all_who_wait_for_a_task_that_fails_hear_why(bench: Bench) -> None:
    cluster = Processes(bench, words=["false"])
    cluster.is_slow.clear()
    first, second = finder(bench, cluster), finder(bench, cluster)

    def reason(one: Finder) -> str:
        with pytest.raises(ServiceFailed) as caught:
            one.find(PATIENCE)
        return caught.value.where

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(reason, first)]
        wait_until(lambda: bench.state().phase == CLAIMED)
        found.append(pool.submit(reason, second))
        wait_until(lambda: second._waited_for == 1)
        cluster.is_slow.set()
        for said in found:
            assert "ended with status 1 before it was healthy" in said.result(PATIENCE)
    assert len(cluster.tasks) == 1


class Unwritable(Store):
    """A store whose first writes fail."""

    def __init__(self, store: Store, *codes: str) -> None:
        super().__init__(store.bucket, store.prefix, store.s3)
        self.codes = list(codes)

    def write(self, state: State, etag: str) -> str | None:
        if self.codes:
            error = {"Error": {"Code": self.codes.pop(0), "Message": "m"}}
            raise ClientError(error, "PutObject")  # type: ignore[arg-type] # no metadata
        return super().write(state, etag)


def test_a_function_that_may_not_write_the_state_hears_so_at_once(bench: Bench) -> None:
    finder(bench, Processes(bench))  # writes the settings

    with pytest.raises(ServiceUnavailable, match="cannot be written") as caught:
        Finder("ledger", Unwritable(bench.store, "AccessDenied"), Processes(bench)).find(PATIENCE)

    assert "client_policy" in caught.value.fix


def test_a_write_that_fails_for_a_moment_is_tried_again(bench: Bench) -> None:
    cluster = Processes(bench)
    finder(bench, cluster)  # writes the settings

    found = Finder("ledger", Unwritable(bench.store, "SlowDown"), cluster).find(PATIENCE)

    assert found.generation == 1
    assert len(cluster.tasks) == 1


def test_the_number_of_starts_within_an_hour_is_bounded(bench: Bench) -> None:
    cluster = Processes(bench, words=["false"])
    for _ in range(2):
        with pytest.raises(ServiceFailed):
            finder(bench, cluster, starts_an_hour=2).find(PATIENCE)
    with pytest.raises(ServiceUnavailable, match="2 times within an hour") as caught:
        finder(bench, cluster, starts_an_hour=2).find(PATIENCE)
    assert "ended with status 1" in caught.value.where
    assert len(cluster.tasks) == 2


def test_waiting_has_an_end(bench: Bench) -> None:
    bench.claim()
    with pytest.raises(ServiceUnavailable, match="not there within 1 s"):
        finder(bench, Processes(bench)).find(1)


def test_a_service_that_was_not_applied_is_one_clear_error(bench: Bench) -> None:
    with pytest.raises(ServiceUnavailable, match=r"service\.json") as caught:
        Finder("ledger", bench.store, Processes(bench))
    assert "terraform" in caught.value.fix or "apply" in caught.value.fix


@pytest.mark.parametrize(
    "text", ["", "bucket", "s3://", "s3://b", "s3://bucket/prefix", "http://x/"]
)
def test_a_function_without_the_place_of_its_service_says_which_variable(text: str) -> None:
    with pytest.raises(SettingsError, match="HYBRID_SERVICE_MY_CHROMA"):
        place("my-chroma", {"HYBRID_SERVICE_MY_CHROMA": text})


def test_the_place_of_a_service() -> None:
    environment = {"HYBRID_SERVICE_CHROMA": "s3://data-1/services/chroma/"}
    assert place("chroma", environment) == ("data-1", "services/chroma/")
    assert place("chroma", {"HYBRID_SERVICE_CHROMA": "s3://data-1/"}) == ("data-1", "")
