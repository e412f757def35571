"""The demo, told for real, in a folder whose path has a space; and cut short in every way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.conftest import MARK, leaves_nothing
from tests.patience import PATIENCE, wait_until
from tests.terminals.pseudo import in_terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.aws,
    pytest.mark.usefixtures("terraform"),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH"),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc"),
]


def start(clone: Path, mark: str, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", *options],
        cwd=clone,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


INTERRUPTED = "interrupted; everything that was started has ended"


def test_the_story_is_reported_to_its_end_and_leaves_nothing(clone: Path, mark: str) -> None:
    demo = start(clone, mark)
    said, _ = demo.communicate(timeout=600)

    assert demo.returncode == 0, said
    for chapter in range(1, 8):
        assert f"\n{chapter}. " in said
    assert "layer:fll-demo-receipts:2" in said
    assert "providers: " in said
    leaves_nothing(mark)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("Running command", signal.SIGKILL),
        ("planning started no build", signal.SIGINT),
    ],
)
def test_killed_at_any_moment_it_leaves_no_process(
    clone: Path, mark: str, moment: str, number: signal.Signals
) -> None:
    with start(clone, mark) as demo:
        assert demo.stdout is not None
        seen = next((line for line in demo.stdout if moment in line), None)
        assert seen is not None
        demo.send_signal(number)
        demo.stdout.read()

    leaves_nothing(mark)


def test_killing_make_ends_what_make_started(clone: Path, mark: str) -> None:
    shell = subprocess.Popen(
        ["sh", "-c", f"{sys.executable!r} -m demo; true"],
        cwd=clone,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with shell:
        assert shell.stdout is not None
        assert any("embedded AWS:" in line for line in shell.stdout)
        shell.kill()
        shell.stdout.read()

    leaves_nothing(mark)


def test_ctrl_c_in_a_terminal_is_one_line_and_leaves_nothing(clone: Path, mark: str) -> None:
    environment = {**os.environ, MARK: mark, "TERM": "xterm"}
    with in_terminal([sys.executable, "-m", "demo"], env=environment, cwd=clone) as terminal:
        terminal.wait_for(lambda: "terraform plan" in terminal.text, "the first plan")
        before = len(terminal.text)
        terminal.press_ctrl_c()
        code = terminal.wait(PATIENCE)
        wait_until(lambda: "has ended" in terminal.text, lambda: terminal.text[before:])
        said = terminal.text[before:]
    assert code == 130, said
    assert said.split("^C")[-1].split() == INTERRUPTED.split()
    leaves_nothing(mark)
