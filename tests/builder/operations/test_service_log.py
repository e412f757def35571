import pytest

from builder.clock import Clock
from builder.errors import LayerError
from builder.operations.log_part import LogPart
from builder.operations.service_log import service_log
from hybrid_service.state import CLAIMED, RUNNING, STOPPED, State
from tests.builder.hybrid.samples import ARN, Parts, service_of

FIRST = "task/service/0123abcd"


def test_the_log_is_that_of_the_last_task_and_a_part_of_it_can_be_asked_for() -> None:
    parts = Parts(State(1, STOPPED, task=ARN), [])
    parts.streams = {FIRST: ["one", "two", "three"]}

    assert list(service_log(service_of(parts), follow=False, clock=Clock())) == [
        "one", "two", "three",
    ]  # fmt: skip
    part = LogPart(tail=1, text="TWO")
    assert list(service_log(service_of(parts), follow=False, clock=Clock(), part=part)) == ["two"]


def test_a_log_is_followed_from_one_task_to_the_next_without_losing_a_line() -> None:
    running = State(1, RUNNING, task=ARN)
    parts = Parts(running, [])
    parts.streams = {FIRST: ["one"]}

    def sleep(_: float) -> None:
        said = len(parts.streams[FIRST])
        if said == 1:
            parts.streams[FIRST].append("two")
        elif parts.states_now is running:
            # A claim has no task yet: the log stays that of the former one.
            parts.streams[FIRST].append("last")
            parts.states_now = State(2, CLAIMED)
        else:
            parts.states_now = State(2, RUNNING, task=ARN[:-8] + "next")
            parts.streams["task/service/next"] = ["first of the next"]

    lines = service_log(service_of(parts), follow=True, clock=Clock(sleep=sleep))

    assert [next(lines) for _ in range(4)] == ["one", "two", "last", "first of the next"]


@pytest.mark.parametrize("state", [None, State(3, STOPPED, task=ARN, reason="no image")])
def test_a_service_that_has_not_written_says_why(state: State | None) -> None:
    with pytest.raises(LayerError, match="service 'chroma' has no log to show") as caught:
        list(service_log(service_of(Parts(state, [])), follow=False, clock=Clock()))

    assert "/services/shop-chroma" in caught.value.where
    assert state is None or "no image" in caught.value.where
    assert "lambda-layer status chroma" in caught.value.fix
