from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE, wait_until
from tests.soak.zygote import Zygote

LAST = Path("/proc/sys/kernel/ns_last_pid")
"""The process id that Linux gave last in a PID namespace; root may set it (proc(5))."""

ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
"""Runs a command in a PID namespace of its own (unshare(1)): ids that are set back in the machine's
are given once more to whoever starts a process next."""

RUN = "import sys; from tests.soak.test_zygote import reuse; reuse(sys.argv[1])"


def reuse(given: str) -> None:
    """Start a process that gets the id of one that has ended."""
    folder = Path(given)
    gates = [folder / "first", folder / "second"]
    with Zygote(folder) as zygote:
        parent = zygote._child.pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        first, second = ({"argv": ["--version"], "gate": str(gate)} for gate in gates)

        before = zygote.start(os.environ, **first)
        wait_until(children.read_text, "the first process")
        number = int(children.read_text())
        gates[0].touch()
        assert before.exit_code() == 0
        LAST.write_text(str(number - 1))
        waiting = zygote.start(os.environ, **second)
        wait_until(children.read_text, "the second process")
        assert int(children.read_text()) == number

        with pytest.raises(AssertionError, match="did not end"):
            waiting.exit_code(seconds=1)
        gates[1].touch()
        assert waiting.exit_code() == 0


@pytest.mark.slow
def test_a_process_with_the_id_of_an_earlier_one_is_waited_for(tmp_path: Path) -> None:
    """make soak once took the exit code of an earlier process, and found a version lost."""
    try:
        able = subprocess.run([*ALONE, "true"], capture_output=True, check=False, timeout=PATIENCE)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if able.returncode:
        pytest.skip(f"process ids cannot be chosen here: {able.stderr.decode()}")

    done = subprocess.run(
        [*ALONE, sys.executable, "-c", RUN, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False, timeout=4 * PATIENCE,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
