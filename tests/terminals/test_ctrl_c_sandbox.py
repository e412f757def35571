"""Ctrl-C at `make sandbox`: its exit code is 130, and what it started has ended but for its AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.keeper import stayed
from tests.patience import PATIENCE, wait_until
from tests.terminals.pseudo import in_terminal
from tests.terraform.packages import PYTHON, write_package

pytestmark = [
    pytest.mark.slow,
    pytest.mark.aws,
    pytest.mark.usefixtures("terraform"),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH"),
]


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Iterator[Path]:
    """Where a sandbox keeps everything; it is ended at the end."""
    folder = tmp_path / "kept"
    yield folder
    stop = [sys.executable, "-m", "sandbox", "--folder", str(folder), "--stop"]
    subprocess.run(stop, check=False, capture_output=True, timeout=PATIENCE)
    wait_until(lambda: stayed(folder) is None, "the sandbox ends")


def test_an_interrupted_sandbox_leaves_its_aws_and_nothing_else(
    folder: Path, tmp_path: Path
) -> None:
    project = tmp_path / "shop"
    write_package(project, "web")
    # A build that does not end by itself; it ends with the AWS.
    (project / "hold.sh").write_text("sleep 600\n")
    (project / "layers.toml").write_text(
        f'[app]\nname = "shop"\n\n[layers.web]\npackage = "web"\npython = ["{PYTHON}"]\n'
        'architecture = "x86_64"\npre_install = "hold.sh"\nsize_check = "off"\n'
    )
    command = [sys.executable, "-m", "sandbox", "--folder", str(folder), str(project)]
    environment = {**os.environ, "TERM": "xterm"}
    with in_terminal(command, env=environment, cwd=Path.cwd()) as terminal:
        terminal.wait_for(lambda: "web: phase " in terminal.text, "the build")
        before = len(terminal.text)
        terminal.press_ctrl_c()
        code = terminal.wait(PATIENCE)
        wait_until(lambda: not terminal.group(), lambda: f"the end of {terminal.group()}")
        said = terminal.text[before:]
    assert code == 130, said
    assert "Traceback" not in said
    assert said.count("interrupted; make stop ends the embedded AWS") == 1
    assert stayed(folder) is not None
