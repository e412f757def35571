from collections.abc import Callable
from dataclasses import replace

import pytest

from builder.aws.tasks import TaskState
from builder.clock import Clock
from builder.errors import LayerError
from builder.operations.stop import LONGEST, Stop, stop
from hybrid_service.state import CLAIMED, RUNNING, STARTING, STOPPED, STOPPING, State
from tests.builder.hybrid.samples import ARN, SNAPSHOT, Parts, service_of

RUNS = TaskState(ARN, "RUNNING")


def stopped(parts: Parts, then: Callable[[], None]) -> Stop:
    """Stop the service; ``then`` is what happens while it is waited for."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds
        then()

    clock = Clock(sleep=sleep, monotonic=lambda: passed[0])
    return stop(service_of(parts), parts.running(), progress=lambda _: None, clock=clock)


def ends(parts: Parts, state: State, status: str = "DEPROVISIONING") -> Callable[[], None]:
    def then() -> None:
        parts.tasks = [replace(RUNS, status=status, exit_code=0)]
        parts.states_now = state

    return then


def test_a_task_that_gives_the_service_back_has_saved_all() -> None:
    parts = Parts(State(1, RUNNING, task=ARN), [RUNS])
    after = State(1, STOPPED, task=ARN, snapshots=(SNAPSHOT,), reason="asked to end")

    done = stopped(parts, ends(parts, after))

    assert parts.stopped == [ARN]
    assert [task.exit_code for task in done.tasks] == [0]
    assert done.state.snapshots[0].key == SNAPSHOT.key


@pytest.mark.parametrize("phase", [RUNNING, STOPPING])
def test_a_task_that_ends_without_its_last_snapshot_is_an_error(phase: str) -> None:
    parts = Parts(State(1, RUNNING, task=ARN), [RUNS])
    after = State(1, phase, task=ARN, snapshots=(SNAPSHOT,), saved=1_700_000_000.0)

    with pytest.raises(LayerError, match="without its last snapshot") as caught:
        stopped(parts, ends(parts, after, "STOPPED"))

    assert "exit code 0" in caught.value.where
    assert "before 2023-11-14T22:13:20Z" in caught.value.fix


@pytest.mark.parametrize("phase", [CLAIMED, STARTING])
def test_a_task_that_never_served_had_nothing_to_save(phase: str) -> None:
    parts = Parts(State(1, phase, task=ARN), [RUNS])

    assert stopped(parts, ends(parts, State(1, phase, task=ARN))).state.phase == phase


def test_a_service_that_was_started_again_meanwhile_is_no_error() -> None:
    parts = Parts(State(1, RUNNING, task=ARN), [RUNS])

    assert stopped(parts, ends(parts, State(2, RUNNING, task=ARN + "9"))).state.generation == 2


def test_a_task_that_does_not_end_is_waited_for_with_a_limit() -> None:
    parts = Parts(State(1, RUNNING, task=ARN), [RUNS])

    with pytest.raises(
        LayerError, match="task 0123abcd of service 'chroma' has not ended"
    ) as caught:
        stopped(parts, lambda: None)

    assert f"{LONGEST:.0f} seconds" in caught.value.expected
    assert "ECS says RUNNING" in caught.value.where
