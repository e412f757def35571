from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.soak.zygote import Zygote

LAST = Path("/proc/sys/kernel/ns_last_pid")
"""The process id that Linux gave last; root may set it (proc(5))."""


@pytest.mark.slow
@pytest.mark.skipif(not os.access(LAST, os.W_OK), reason="process ids cannot be chosen here")
def test_a_process_with_the_id_of_an_earlier_one_is_waited_for(tmp_path: Path) -> None:
    """make soak once took the exit code of an earlier process, and found a version lost."""
    gates = [tmp_path / "first", tmp_path / "second"]
    with Zygote(tmp_path) as zygote:
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

        with pytest.raises(AssertionError, match="did not end"):
            waiting.exit_code(seconds=1)
        gates[1].touch()
        assert waiting.exit_code() == 0
