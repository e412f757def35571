from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import LayerError
from sandbox.alone import alone
from tests.patience import PATIENCE

HOLD = """
import pathlib, sys
from sandbox.alone import alone
with alone(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        try:
            assert first.stdout is not None
            assert first.stdout.readline() == "held\n"
            with pytest.raises(LayerError, match="another make sandbox"), alone(folder):
                pass
            with alone(tmp_path / "another"):
                pass
        finally:
            first.kill()
            first.wait(PATIENCE)
    with alone(folder):
        pass
