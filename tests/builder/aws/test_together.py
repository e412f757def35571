"""Processes that want the same answer at the same time share one that began after they asked."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builder.aws.together import _boot, together
from tests.patience import PATIENCE, wait_until


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"lambda-layer-{os.getuid()}"


def kept(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_an_answer_is_never_older_than_the_question() -> None:
    answers = iter([["old"], ["new"]])

    assert together("q", lambda: next(answers)) == ["old"]
    assert together("q", lambda: next(answers)) == ["new"]


def test_who_waits_while_another_asks_shares_the_next_answer_and_not_that_one() -> None:
    asked: list[int] = []
    first_asks, go = threading.Event(), threading.Event()

    def ask() -> int:
        asked.append(len(asked) + 1)
        if len(asked) == 1:
            first_asks.set()
            assert go.wait(PATIENCE)
        return len(asked)

    ready: list[int] = []

    def waits(number: int) -> object:
        ready.append(number)
        return together("q", ask)

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(together, "q", ask)
        assert first_asks.wait(PATIENCE)
        # They ask after the first answer began: functions may have been changed meanwhile.
        others = [pool.submit(waits, number) for number in range(5)]
        wait_until(lambda: len(ready) == 5)
        go.set()
        assert first.result(PATIENCE) == 1
        answers = [other.result(PATIENCE) for other in others]

    assert 1 not in answers
    assert len(asked) < 6, "five wanted it at the same time, and each of them asked"


def test_other_questions_do_not_wait() -> None:
    assert together("one", lambda: together("other", lambda: "answer")) == "answer"


def test_an_error_is_of_who_asked_and_the_next_one_asks_again() -> None:
    def refuse() -> object:
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        together("q", refuse)
    assert together("q", lambda: 1) == 1


def test_a_killed_process_leaves_no_lock() -> None:
    script = (
        "import sys, tempfile, time; from builder.aws.together import together\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "together('q', lambda: (print('asks', flush=True), time.sleep(600)))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, tempfile.gettempdir()], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "asks\n"
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)

    assert together("q", lambda: "mine") == "mine"


@pytest.mark.parametrize("age", [{"boot": "another start"}, {"began": 1e12}, {"began": "x"}, None])
def test_what_another_start_of_the_machine_or_a_crash_left_is_no_answer(
    folder: Path, age: dict[str, object] | None
) -> None:
    together("q", lambda: "old")
    stored = {"boot": _boot(), "began": 1e12, "answer": "old", **(age or {})}
    kept(folder).write_text(json.dumps(stored)[: None if age else 20])

    assert together("q", lambda: "mine") == "mine"


def test_what_others_may_write_is_not_believed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert together("q", lambda: "mine") == "mine"
    assert list(folder.iterdir()) == []

    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    assert together("q", lambda: "mine") == "mine"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_the_place_of_the_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    together("q", lambda: "old")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file = kept(folder)
    file.unlink()
    file.symlink_to(victim)

    assert together("q", lambda: "mine") == "mine"
    assert victim.read_text() == "precious"


def test_only_the_user_can_read_it(folder: Path) -> None:
    together("q", lambda: ["f"])

    assert [path.stat().st_mode & 0o077 for path in (folder, kept(folder))] == [0, 0]


def test_without_a_folder_for_it_everybody_asks(tmp_path: Path) -> None:
    tempfile.tempdir = str(tmp_path / "not there")

    assert together("q", lambda: "mine") == "mine"


def test_on_windows_each_process_asks_for_itself(tmp_path: Path) -> None:
    # There is no module fcntl there, and the module os has no getuid.
    script = (
        "import os, sys\n"
        "sys.modules['fcntl'] = None\n"
        "del os.getuid\n"
        "import tempfile\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "from builder.aws.functions import Functions\n"
        "from builder.aws.together import together\n"
        "answers = iter(['first', 'second'])\n"
        "print(*[together('q', lambda: next(answers)) for _ in range(2)])"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert (process.stdout, process.stderr) == ("first second\n", "")
    assert list(tmp_path.iterdir()) == []
