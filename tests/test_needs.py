"""The rules that tests/conftest.py sets for every test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from embedded.leash import KEEPER
from tests.needs import GUARD, Unmarked, needs_of_command
from tests.patience import PATIENCE

PROGRAM = ["python", "-m", "x.gateway"]
KEPT = ["python", "-c", KEEPER, "folder", "3", "4", "2.0", "5,6", "/"]


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (["python", "-m", "embedded.ministack.gateway", "--socket", "3"], {"aws"}),
        (["python", "-m", "embedded.codebuild.agent"], {"aws"}),
        (["python", "-m", "demo.keeper", "folder"], {"aws"}),
        (["python", "-m", "demo"], {"aws", "terraform"}),
        (["python", "-m", "demonstration"], set()),
        (["python", "-m"], set()),
        ([*KEPT, *PROGRAM], {"aws"}),
        (["no-such-folder/terraform", "plan"], set()),
    ],
)
def test_what_a_command_needs(command: Sequence[str], needs: set[str]) -> None:
    assert needs_of_command(command) == needs


def test_a_test_that_starts_an_aws_without_saying_so_fails(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with pytest.raises(Unmarked, match="aws"), EmbeddedAws(tmp_path):
        pass
    guard = request.config.stash[GUARD]
    assert guard.missing, "it would have failed even if the error had been caught"
    guard.missing.clear()


@pytest.mark.usefixtures("terraform")
def test_the_real_terraform_is_distinguished_from_other_programs_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert needs_of_command(["terraform", "plan"]) == {"terraform"}
    assert needs_of_command(["terraform", "version"]) == set()
    other = tmp_path / "terraform"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert needs_of_command([str(other), "plan"]) == set()


def test_what_a_test_starts_takes_interrupts() -> None:
    program = "import time; print('ready', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            child.send_signal(signal.SIGINT)
            assert child.wait(PATIENCE) == -signal.SIGINT
        finally:
            child.kill()


@pytest.mark.slow
def test_it_does_so_when_the_suite_was_started_in_the_background_of_a_script() -> None:
    """Such a process, and all that it starts, ignores interrupts."""
    selected = f"{__file__}::{test_what_a_test_starts_takes_interrupts.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", selected]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command],
        cwd=Path(__file__).parents[1], env=alone, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
