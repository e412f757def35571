"""What a command does where stdin, stdout or stderr is closed or full."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

PROGRAM = str(Path(sys.executable).with_name("lambda-layer"))


def shell(redirection: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with its streams as a shell's redirection makes them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {redirection}', PROGRAM, *arguments],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("schema",)], ids=str)
@pytest.mark.parametrize(
    ("redirection", "said"),
    [(">/dev/full", "No space left on device"), (">&-", "stdout is closed")],
)
def test_an_output_that_cannot_be_written_is_one_line(
    arguments: tuple[str, ...], redirection: str, said: str
) -> None:
    done = shell(redirection, *arguments)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ERROR: ")
    assert said in line


@pytest.mark.slow
def test_a_hook_without_stdin_says_what_it_reads_from_there() -> None:
    done = shell("<&-", "hook", "plan")

    assert (done.returncode, done.stdout) == (1, "")
    assert "the hook's query cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_stdin_and_stderr_an_answer_is_an_answer() -> None:
    done = shell("<&- 2>&-", "--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("lambda-layer")
