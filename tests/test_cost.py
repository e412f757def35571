from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

REPOSITORY = Path(__file__).parents[1]

TESTS = """
import subprocess, sys, time

BURN = "import time\\nwhile time.process_time() < 0.4: pass"

def test_of_its_own():
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass

def test_with_a_process():
    subprocess.run([sys.executable, "-c", BURN], check=True, timeout=60)
"""


def cost_of(folder: Path, *options: str) -> str:
    (folder / "some").mkdir()
    (folder / "some" / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.cost", "-p", "xdist", *options, "some"],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False, timeout=2 * PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_a_test_and_what_it_starts_cost_is_printed(tmp_path: Path, workers: str) -> None:
    said = cost_of(tmp_path, "--cost", "-n", workers)

    (row,) = re.findall(r"(\S+) +(\S+) +(\S+) +(\d+)  some/test_it\.py\n", said)
    everything, own, started = map(float, row[:3])
    assert own >= 0.3
    assert started >= 0.4
    assert everything == pytest.approx(own + started, abs=0.11)
    assert row[3] == "2"
    assert re.search(rf" {everything}  some/test_it.py\n", said)


@pytest.mark.slow
def test_nothing_is_printed_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert "seconds of CPU" not in cost_of(tmp_path, "-n", "0")
