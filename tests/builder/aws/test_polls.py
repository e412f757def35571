"""Processes of one machine that wait for builds share their looks at CodeBuild."""

import json
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from builder.aws import polls as polls_module
from builder.aws import together as together_module
from builder.aws.polls import GAP, INTEREST, MOST, Board, Polls
from builder.aws.together import turn
from builder.clock import Clock
from builder.errors import NotNow
from tests.patience import PATIENCE
from tests.soak.calls import measure

HOUR = 3600.0


@dataclass
class Project:
    """Counts calls; builds run unless they are in ``ended``."""

    calls: list[list[str]] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        with self.lock:
            self.calls.append(list(ids))
        return {i: {"status": self.status(i)} for i in ids if i not in self.unknown}

    def status(self, build: str) -> str:
        return "SUCCEEDED" if build in self.ended else "IN_PROGRESS"

    def polls(self) -> Polls:
        return Polls(self.ask)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"lambda-layer-{os.getuid()}"


def look(
    polls: Polls, *ids: str, age: float = 0.0, clock: Clock | None = None
) -> Mapping[str, Any]:
    return polls.look("project", ids, age, clock or Clock())


def test_one_look_serves_the_others_for_a_while() -> None:
    project = Project()
    first, second = project.polls(), project.polls()
    look(first, "a")
    look(second, "b")

    assert look(first, "a", age=HOUR) == {"a": {"status": "IN_PROGRESS"}}
    assert project.calls == [["a"], ["b", "a"]]


def test_an_answer_is_not_older_than_is_allowed() -> None:
    project = Project()
    polls = project.polls()
    for _ in range(3):
        look(polls, "a", age=0.0)
    project.ended.add("a")

    assert look(polls, "a", age=HOUR) == {"a": {"status": "IN_PROGRESS"}}
    assert look(polls, "a", age=0.0) == {"a": {"status": "SUCCEEDED"}}
    assert len(project.calls) == 4


def test_how_old_an_answer_is_and_the_gap_are_of_the_clock() -> None:
    time = [1000.0]

    def sleep(seconds: float) -> None:
        assert seconds > 0
        time[0] += seconds

    clock = Clock(monotonic=lambda: time[0], sleep=sleep)
    project = Project()
    polls = project.polls()
    for passed, calls in ((0.0, 1), (4.0, 1), (2.0, 2), (0.0, 2)):
        time[0] += passed
        look(polls, "a", age=5.0, clock=clock)
        assert len(project.calls) == calls
    before = time[0]
    look(polls, *(f"b{number}" for number in range(MOST)), clock=clock)

    assert time[0] - before == pytest.approx(GAP)


def test_how_a_build_ended_is_asked_once() -> None:
    project = Project(ended={"a"})
    look(project.polls(), "a")
    look(project.polls(), "a")
    look(project.polls(), "b")

    assert project.calls == [["a"], ["b"]]


def test_a_build_that_codebuild_does_not_know_is_none_and_asked_for_again() -> None:
    project = Project(unknown={"a"})
    polls = project.polls()

    assert look(polls, "a") == {"a": None}
    project.unknown.clear()
    assert look(polls, "a") == {"a": {"status": "IN_PROGRESS"}}


def test_forty_that_begin_at_once_share_few_calls() -> None:
    project, names = Project(), [f"b{number}" for number in range(40)]
    start = threading.Barrier(len(names))

    def run(name: str) -> Mapping[str, Any]:
        polls = project.polls()
        start.wait(PATIENCE)
        look(polls, name)
        return look(polls, name, age=HOUR)

    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(run, names))

    assert [list(answer) for answer in answers] == [[name] for name in names]
    # Each look began after it was asked for; still nearly all were served by another's call.
    assert len(project.calls) < 30, project.calls


def test_another_project_is_another_question() -> None:
    project = Project()
    project.polls().look("one", ["a"], 0.0, Clock())
    project.polls().look("other", ["b"], 0.0, Clock())

    assert project.calls == [["a"], ["b"]]


def test_a_turn_that_another_keeps_is_said_once_and_then_we_ask_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polls_module, "PATIENCE", 0.1)
    project = Project()
    polls = project.polls()
    with turn("project"):
        with pytest.raises(NotNow, match="another process has been asking"):
            look(polls, "a")
        assert project.calls == []
        assert look(polls, "a") == {"a": {"status": "IN_PROGRESS"}}

    assert project.calls == [["a"]]


def test_a_refusal_is_of_who_asked_and_the_next_asks_again() -> None:
    def refuse(_ids: Sequence[str]) -> Mapping[str, Any]:
        raise NotNow("ThrottlingException")

    with pytest.raises(NotNow, match="ThrottlingException"):
        look(Polls(refuse), "a")
    project = Project()
    look(project.polls(), "b")

    assert project.calls == [["b"]], "what was wished was read, and its answer did not come"


@pytest.mark.parametrize("is_windows", [True, False])
def test_where_nothing_can_be_shared_each_asks_for_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_windows: bool
) -> None:
    if is_windows:
        monkeypatch.setattr(together_module, "fcntl", None)
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    project = Project()
    look(project.polls(), "a", age=HOUR)
    look(project.polls(), "a", age=HOUR)

    assert project.calls == [["a"], ["a"]]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["{", "[]", '{"wanted": 1}', None])
def test_what_cannot_be_read_is_asked_for(folder: Path, damage: str | None) -> None:
    project = Project()
    look(project.polls(), "a")
    (kept,) = folder.glob("*.json")
    stored = json.loads(kept.read_text())
    if damage is None:  # before a start of the machine its clock was later
        damage = json.dumps(
            {**stored, "known": {"a": {"began": 1e12, "state": {"status": "IN_PROGRESS"}}}}
        )
    kept.write_text(damage)

    assert look(project.polls(), "a", age=1.0) == {"a": {"status": "IN_PROGRESS"}}
    assert len(project.calls) == 2


def test_only_the_user_can_read_it(folder: Path) -> None:
    look(Project().polls(), "a")

    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}


# Which builds are asked for, and how often


def test_a_call_asks_for_its_own_builds_and_those_of_which_least_is_known() -> None:
    board = Board()
    names = [f"b{number}" for number in range(3 * MOST)]
    board.wants(names, 0.0)
    board.learn(names[: 2 * MOST], 1.0, {name: {"status": "IN_PROGRESS"} for name in names})
    board.learn(["b0"], 2.0, {"b0": {"status": "SUCCEEDED"}})

    chosen = board.choose(["b1"])

    assert chosen[0] == "b1"
    assert set(chosen[1:]) == set(names[2 * MOST :][: MOST - 1])
    assert "b0" not in Board(dict(board.wanted), dict(board.known)).choose([])


def test_a_build_that_no_process_looks_at_any_more_is_not_asked_for() -> None:
    board = Board()
    board.wants(["dead"], 0.0)
    board.wants(["a"], INTEREST + 1)

    assert board.choose(["a"]) == ["a"]


@pytest.mark.parametrize(("waiting", "gap"), [(1, 0.01), (50, 0.5), (100, GAP), (500, GAP)])
def test_the_more_builds_are_waited_for_the_longer_are_the_pauses(waiting: int, gap: float) -> None:
    board = Board()
    board.wants([f"b{number}" for number in range(waiting)], 100.0)
    board.learn(["b0"], 100.0, {})

    assert board.next_call(100.0) == pytest.approx(100.0 + gap * GAP)
    assert board.next_call(200.0) <= 200.0 + gap


def test_layers_of_one_machine_ask_codebuild_far_less_often() -> None:
    alone = measure(12, 12, is_shared=False)
    shared = measure(12, 12, is_shared=True)

    builds = 12 * 4  # two calls to look for a build, its start, and whether it is vouched for
    polls, alone_polls = (calls.total("CodeBuild") - builds for calls in (shared, alone))
    assert polls * 4 < alone_polls
    assert shared.seconds < alone.seconds + 15, "builds that have ended are noticed as soon"
