import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.codebuild.shell import Cancelled, Shell


class Bench:
    """A shell and what it said."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.folder = folder
        source, state = folder / "my src", folder / "my state"
        source.mkdir()
        state.mkdir()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TOLD": "yes"}
        self.shell = Shell(environment, source, state, self.lines.append)

    def run(self, *commands: str) -> list[int]:
        return [self.shell.run(command, succeeding=True) for command in commands]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.shell.close()


def test_directory_variables_and_functions_carry_over(bench: Bench) -> None:
    assert bench.run(
        "mkdir sub; cd sub; plain=1; export shared=2; f() { echo f; }",
        'echo "$plain $shared ${PWD##*/} $TOLD"; f',
    ) == [0, 0]
    assert bench.lines == ["1 2 sub yes", "f"]


def test_after_an_exit_the_next_command_goes_on_where_the_shell_was(bench: Bench) -> None:
    assert bench.run(
        "mkdir sub; cd sub; export shared='a b'; exit 7", 'echo "$shared ${PWD##*/}"'
    ) == [7, 0]
    assert bench.lines == ["a b sub"]


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("false", 1),
        ("ls no-such-file", 2),
        ("no-such-program", 127),
        ("echo 'unfinished", 2),
        ("set -e; false; true", 1),
        ("set -u; echo $missing", 127),
        ("kill -9 $$", 137),
        ("return 3", 3),
        ("exec sh -c 'exit 4'", 4),
        ("true | false", 1),
    ],
)
def test_a_failure_is_reported_and_the_shell_still_serves(
    bench: Bench, command: str, status: int
) -> None:
    assert bench.run(command) == [status]
    assert bench.run("set +eu; echo still here") == [0]
    assert bench.lines[-1] == "still here"


def test_output_is_passed_on_as_it_was_written(bench: Bench) -> None:
    bench.run("printf 'one\\n\\n two'", "echo three >&2; printf '\\xff\\n'", "printf '\\n'")
    assert bench.lines == ["one", "", " two", "three", "\ufffd", ""]


def test_tracing_shows_the_commands_only(bench: Bench) -> None:
    bench.run("set -x", "echo hello", "set +x")
    assert [line for line in bench.lines if "hello" in line] == ["++ echo hello", "hello"]
    assert not any(bench.shell.mark in line for line in bench.lines)


def test_a_command_reads_an_empty_input(bench: Bench) -> None:
    assert bench.run("cat; read line") == [1]
    assert bench.lines == []


def test_a_daemon_does_not_keep_the_command_waiting(bench: Bench) -> None:
    assert bench.run("sleep 600 & echo $!") == [0]
    assert Path(f"/proc/{bench.lines[-1]}").exists()


def test_whether_the_build_is_succeeding_is_reported(bench: Bench) -> None:
    bench.shell.run("echo $CODEBUILD_BUILD_SUCCEEDING", succeeding=True)
    bench.shell.run("env | grep SUCCEEDING", succeeding=False)
    assert bench.lines == ["1", "CODEBUILD_BUILD_SUCCEEDING=0"]


def test_the_environment_can_be_read(bench: Bench) -> None:
    bench.run("export A='two\nlines'; hidden=1")
    environment = bench.shell.read_environment()
    assert environment["A"] == "two\nlines"
    assert "hidden" not in environment


def test_cancel_ends_a_running_command(bench: Bench) -> None:
    threading.Timer(0.3, bench.shell.cancel).start()
    with pytest.raises(Cancelled):
        bench.run("sleep 60")
    with pytest.raises(Cancelled):
        bench.run("echo never")
    assert bench.lines == []


def test_last_words_of_a_cancelled_command_are_reported_and_bashs_own_are_not(bench: Bench) -> None:
    def cancel_once_it_runs(line: str) -> None:
        bench.lines.append(line)
        if line == "ready":
            threading.Thread(target=bench.shell.cancel).start()

    bench.shell.on_line = cancel_once_it_runs
    with pytest.raises(Cancelled):
        bench.run(
            "trap 'echo Terminated; echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done"
        )
    assert bench.lines == ["ready", "bye"]
