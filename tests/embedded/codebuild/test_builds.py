import threading
import time
from pathlib import Path
from typing import Any

import pytest

from embedded.codebuild.builds import TOKEN_SECONDS, Builds, Queue, uuids
from embedded.codebuild.settings import InvalidInput
from tests.patience import PATIENCE


def document(number: int = 1, project: str = "p") -> dict[str, Any]:
    return {
        "id": f"{project}:{number}",
        "projectName": project,
        "startTime": float(number),
        "currentPhase": "SUBMITTED",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "phases": [],
    }


def test_records_are_there_after_a_restart_and_the_unfinished_are_faults(tmp_path: Path) -> None:
    builds = Builds(tmp_path)
    done, cut = builds.add(document(1)), builds.add(document(2))
    for record in (done, cut):
        record.begin("BUILD")
    done.finish("SUCCEEDED")
    done.complete("SUCCEEDED")

    again = Builds(tmp_path)

    assert again.records["p:1"].document() == done.document()
    found = again.records["p:2"].document()
    assert (found["buildStatus"], found["buildComplete"]) == ("FAULT", True)
    assert [phase.get("phaseStatus") for phase in found["phases"]] == ["FAULT", None]


@pytest.mark.parametrize(("end", "seconds"), [(100.999, 0), (101.5, 1), (101.999, 1), (102.5, 2)])
def test_a_phase_took_the_whole_seconds_between_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: float, seconds: int
) -> None:
    times = iter([100.0, end])
    monkeypatch.setattr("embedded.codebuild.builds.present", lambda: next(times))
    record = Builds(tmp_path).add(document())

    record.begin("BUILD")
    record.finish("SUCCEEDED")

    (phase,) = record.document()["phases"]
    assert (phase["startTime"], phase["endTime"]) == (100.0, end)
    assert phase["durationInSeconds"] == seconds


def test_a_token_is_remembered_for_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = Builds(tmp_path)
    record = builds.add(document(), "token", {"a": 1, "b": 2})

    assert builds.remembered("token", {"b": 2, "a": 1}) is record
    assert builds.remembered("other", {}) is None
    with pytest.raises(InvalidInput):
        builds.remembered("token", {"a": 1})
    assert Builds(tmp_path).remembered("token", {"b": 2, "a": 1}) is not None

    later = time.time() + TOKEN_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert builds.remembered("token", {"a": 1}) is None


def test_every_change_of_phase_and_status_is_reported_once(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    builds = Builds(tmp_path, lambda d: told.append((d["currentPhase"], d["buildStatus"])))
    record = builds.add(document())
    record.begin("BUILD")
    record.update(logs={})
    record.finish("SUCCEEDED")
    record.finish("FAILED")
    record.complete("SUCCEEDED")

    assert told == [
        ("SUBMITTED", "IN_PROGRESS"),
        ("BUILD", "IN_PROGRESS"),
        ("COMPLETED", "SUCCEEDED"),
    ]
    assert record.document()["phases"][0]["phaseStatus"] == "SUCCEEDED"


def test_a_removed_build_stays_away(tmp_path: Path) -> None:
    builds = Builds(tmp_path)
    builds.add(document())
    builds.remove("p:1")
    assert Builds(tmp_path).ids(None, "DESCENDING") == []


def test_ids_are_listed_by_start_and_project(tmp_path: Path) -> None:
    builds = Builds(tmp_path)
    for number, project in ((2, "p"), (1, "p"), (3, "q")):
        builds.add(document(number, project))
    assert builds.ids(None, "DESCENDING") == ["q:3", "p:2", "p:1"]
    assert builds.ids("p", "ASCENDING") == ["p:1", "p:2"]


def test_builds_of_a_project_take_turns_and_others_do_not_wait() -> None:
    queue = Queue()
    for project, build in (("p", "1"), ("p", "2"), ("q", "3")):
        queue.enter(project, build)
    assert queue.wait("p", "1", 1, lambda: False)
    assert queue.wait("q", "3", 1, lambda: False)

    ran: list[bool] = []
    second = threading.Thread(target=lambda: ran.append(queue.wait("p", "2", 1, lambda: False)))
    second.start()
    time.sleep(0.1)
    assert ran == []
    queue.leave("p", "1")
    second.join(PATIENCE)
    assert ran == [True]


def test_a_build_that_was_given_up_leaves_the_queue() -> None:
    queue = Queue()
    queue.enter("p", "1")
    assert not queue.wait("p", "1", 1, lambda: True)


def test_ids_may_be_arns() -> None:
    assert uuids(["arn:aws:codebuild:r:1:build/p:1", "p:2"]) == ["p:1", "p:2"]
