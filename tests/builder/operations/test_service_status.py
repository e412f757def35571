import pytest

from builder.aws.tasks import TaskState
from builder.operations.service_status import ELSEWHERE, MISSING, UNKNOWN, service_status
from hybrid_service.state import CLAIMED, RUNNING, STARTING, STOPPED, STOPPING, State
from tests.builder.hybrid.samples import ARN, Parts, service_of

RUNS = TaskState(ARN, "RUNNING", "2026-11-26T10:00:00Z")
OVER = TaskState(ARN, "STOPPED", "2026-11-26T10:00:00Z", "host gone", 137)
OTHER = TaskState(ARN + "9", "RUNNING")


@pytest.mark.parametrize(
    ("state", "tasks", "word", "reason"),
    [
        (None, [], "stopped", ""),
        (State(1, STOPPED, reason="idle for 600 s", task=ARN), [OVER], "stopped", "idle for 600 s"),
        (State(1, STOPPED, reason="r", task=ARN, failed=True), [], "failed", "r"),
        (State(1, STOPPED, reason="r", task=ARN), [RUNS], "stopping", "r"),
        (State(1, CLAIMED), [], "starting", ""),
        (State(1, STARTING, task=ARN), [RUNS], "starting", ""),
        (State(1, RUNNING, task=ARN), [RUNS], "running", ""),
        (State(1, STOPPING, task=ARN), [RUNS], "stopping", ""),
        (State(1, RUNNING, task=ARN), [OVER], "gone", "host gone"),
        (State(1, RUNNING, task=ARN), [], "gone", "its task ended without saying so"),
    ],
)
def test_a_word_says_how_the_service_is(
    state: State | None, tasks: list[TaskState], word: str, reason: str
) -> None:
    status = service_status(service_of(Parts(state, tasks)))

    assert (status.word, status.reason) == (word, reason)


def test_a_task_beside_the_one_that_serves_is_seen() -> None:
    status = service_status(service_of(Parts(State(2, RUNNING, task=ARN), [OTHER, RUNS])))

    assert status.beside == (OTHER,)
    assert status.since == RUNS.started


def test_what_may_not_be_seen_is_named_and_the_rest_is_shown() -> None:
    state = State(1, RUNNING, task=ARN, endpoint="10.0.0.1:8000")
    parts = Parts(state, [RUNS], denied=("running", "has"))

    status = service_status(service_of(parts))

    assert (status.word, status.endpoint, status.image.word) == (
        "running",
        "10.0.0.1:8000",
        UNKNOWN,
    )
    assert status.unseen == (
        "its tasks: the credentials may not running",
        "its image: the credentials may not has",
    )


def test_a_state_that_may_not_be_read_is_no_state_without_a_service() -> None:
    status = service_status(service_of(Parts(None, [], denied=("read",))))

    assert status.is_applied
    assert status.unseen == ("its state: the credentials may not read",)
    assert status.word == "unknown"


def test_images_are_there_missing_or_not_ours_to_ask_for() -> None:
    parts = Parts(None, [])
    parts.has_image = False

    assert service_status(service_of(parts)).image.word == MISSING
    elsewhere = service_of(parts, image_tag="", image="public.ecr.aws/x/y:1")
    assert service_status(elsewhere).image.word == ELSEWHERE


def test_a_service_without_a_bucket_is_not_applied() -> None:
    parts = Parts(None, [])
    parts.exists = False

    assert service_status(service_of(parts)).word == "not applied"
