import os
import signal
import sys
from io import StringIO
from pathlib import Path

import pytest

from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.process import Outcome, run, run_split, with_retries

BUILD = "cause: The build backend returned an error\ncopying 503 Timed out/connection reset.py"
COUNT = [sys.executable, "-c", "import sys; print(len(sys.argv) - 1)"]


def outcomes(*texts: str) -> list[Outcome]:
    return [Outcome(("uv",), 1 if text else 0, text) for text in texts]


def test_output_and_status_are_returned(tmp_path: Path, log: Log) -> None:
    script = (
        "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.exit(3)"
    )

    ended = run([sys.executable, "-c", script], log=log, cwd=tmp_path)

    assert (ended.status, ended.output) == (3, "out\nerr\n")


@pytest.mark.parametrize("end", ["", "\\n"], ids=["one line", "lines"])
def test_of_very_much_output_the_first_and_the_last_words_are_kept(
    tmp_path: Path, log: Log, end: str
) -> None:
    code = f"print('begin'); [print('x' * 99_999, end='{end}') for _ in range(400)]; print('end')"

    outcome = run([sys.executable, "-c", code], log=log, cwd=tmp_path)

    assert outcome.output.startswith("begin\n")
    assert outcome.output.endswith("end\n")
    assert "\n...\n" in outcome.output
    assert len(outcome.output) < 20_000_000


def test_debug_mode_shows_the_command_and_its_output(tmp_path: Path) -> None:
    stream = StringIO()

    run(["echo", "a b"], log=Log(stream, verbose=True), cwd=tmp_path)

    assert "$ echo 'a b'" in stream.getvalue()
    assert "| a b\n" in stream.getvalue()


@pytest.mark.slow
def test_an_argument_list_too_long_for_the_kernel_is_split(tmp_path: Path) -> None:
    stream = StringIO()
    items = [f"{number:0100}" for number in range(60_000)]  # 6 MB; Linux allows 2 MB by default

    ended = run_split(COUNT, items, log=Log(stream), cwd=tmp_path)

    assert ended.ok
    assert sum(map(int, ended.output.split())) == 60_000
    assert len(ended.output.split()) > 1
    assert "argument list too long: splitting 60000" in stream.getvalue()


def test_splitting_stops_at_the_first_part_that_fails(tmp_path: Path, log: Log) -> None:
    items = [f"{number:0100}" for number in range(60_000)]
    command = [sys.executable, "-c", "print('x'); raise SystemExit(4)"]

    ended = run_split(command, items, log=log, cwd=tmp_path)

    assert (ended.status, ended.output) == (4, "x\n")


def test_an_environment_too_long_for_the_kernel_is_reduced(tmp_path: Path, log: Log) -> None:
    huge = {"PATH": "/usr/bin:/bin", **{f"BIG_{n}": "x" * 100_000 for n in range(40)}}

    ended = run(["sh", "-c", "echo $PATH; echo $BIG_0 | wc -c"], log=log, cwd=tmp_path, env=huge)

    assert ended.output.split() == ["/usr/bin:/bin", "1"]


def test_one_argument_too_long_says_so(tmp_path: Path, log: Log) -> None:
    with pytest.raises(BuildError, match="Argument list too long"):
        run_split(COUNT, ["x" * 3_000_000], log=log, cwd=tmp_path)


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    pauses: list[float] = []
    answers = iter(outcomes("error: Request failed after 3 retries", "503 Service Unavailable", ""))

    ended = with_retries(lambda: next(answers), log=Log(StringIO()), sleep=pauses.append)

    assert ended.ok
    assert len(pauses) == 2
    assert 1 <= pauses[0] <= 2 <= pauses[1] <= 4


def test_what_stays_broken_ends_after_four_attempts() -> None:
    pauses: list[float] = []
    broken = outcomes("connection reset by peer")[0]

    ended = with_retries(lambda: broken, log=Log(StringIO()), sleep=pauses.append)

    assert not ended.ok
    assert len(pauses) == 3


@pytest.mark.parametrize(
    "text", ["No solution found", "Hash mismatch for `six`", "gcc: not found", BUILD]
)
def test_what_cannot_pass_is_not_tried_again(text: str) -> None:
    ended = with_retries(
        lambda: outcomes(text)[0], log=Log(StringIO()), sleep=lambda _: pytest.fail("tried again")
    )

    assert not ended.ok


def test_what_a_program_has_left_running_is_not_waited_for(tmp_path: Path, log: Log) -> None:
    child = "import os, time, sys\npid = os.fork()\nif not pid:\n    time.sleep(3600)\n"
    child += "sys.stdout.write(f'é\\r\\n{pid}')"

    ended = run([sys.executable, "-c", child], log=log, cwd=tmp_path)

    said, pid = ended.output.split("\n")
    os.kill(int(pid), signal.SIGKILL)
    assert (ended.status, said) == (0, "é")


def test_a_program_that_closes_its_output_is_waited_for(tmp_path: Path, log: Log) -> None:
    code = "import os, time; os.close(1); os.close(2); time.sleep(1); os._exit(5)"

    assert run([sys.executable, "-c", code], log=log, cwd=tmp_path).status == 5


def test_a_program_that_does_nothing_any_more_is_ended(tmp_path: Path, log: Log) -> None:
    script = "print('begun', flush=True); import time; time.sleep(3600)"

    ended = run([sys.executable, "-c", script], log=log, cwd=tmp_path, idle=0.5)

    assert (ended.stuck, ended.ok, ended.output) == (True, False, "begun\n")


def test_one_that_works_is_not(tmp_path: Path, log: Log) -> None:
    script = "import subprocess; subprocess.run('sleep 0.1 & sleep 1.5 & wait', shell=True)"

    ended = run([sys.executable, "-c", script], log=log, cwd=tmp_path, idle=0.5)

    assert (ended.stuck, ended.ok) == (False, True)
