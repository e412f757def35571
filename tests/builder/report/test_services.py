import json

import pytest

from builder.aws.tasks import TaskState
from builder.operations.service_status import ServiceStatus, service_status
from builder.report.services import show_services
from builder.report.status import show_status
from hybrid_service.state import RUNNING, STOPPED, State
from tests.builder.hybrid.samples import ARN, SNAPSHOT, Parts, service_of

RUNS = TaskState(ARN, "RUNNING", "2026-11-26T10:00:00Z")


def status_of(state: State | None, *tasks: TaskState, has_image: bool = True) -> ServiceStatus:
    parts = Parts(state, tasks)
    parts.has_image = has_image
    return service_status(service_of(parts))


def test_a_service_that_runs_is_one_line_that_can_be_searched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = State(3, RUNNING, task=ARN, endpoint="10.0.0.1:8000", snapshots=(SNAPSHOT,))
    show_services([status_of(state, RUNS)])

    line = next(ln for ln in capsys.readouterr().out.splitlines() if ln.startswith("chroma"))
    assert line.split() == [
        *("chroma", "running", "1", "2026-11-26T10:00:00Z", "10.0.0.1:8000"),
        *("2023-11-14T22:13:20Z", "31.5", "MB", "-"),
    ]


def test_a_missing_image_and_a_task_beside_are_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    other = TaskState(ARN[:-8] + "other", "RUNNING")
    show_services([status_of(State(3, STOPPED), other, has_image=False)])

    said = capsys.readouterr().out
    assert "1 missing" in said
    assert "repository shop-chroma has no image with the tag 1" in said
    assert "task other runs and does not have the service" in said


def test_words_of_others_command_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    state = State(3, STOPPED, failed=True, reason="\x1b]52;c;x\x07 [bold]")
    show_services([status_of(state)])

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[bold]" in said
    assert "its log: lambda-layer logs chroma" in said


def test_machines_get_services_behind_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    state = State(3, RUNNING, task=ARN, endpoint="10.0.0.1:8000", snapshots=(SNAPSHOT,))
    show_status([], [status_of(state, RUNS)], as_json=True, releases=False)

    (found,) = json.loads(capsys.readouterr().out)
    assert (found["service"], found["status"], found["task"]) == ("chroma", "running", ARN)
    assert found["snapshot"] == {
        "key": SNAPSHOT.key, "size": 31_457_280, "taken": "2023-11-14T22:13:20Z",
    }  # fmt: skip
