import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import leash
from tests.patience import PATIENCE, wait_until

FAMILY = """
    # A child, a grandchild, and a daemon that detached itself: its own session, its parent gone.
    import os, subprocess, sys, time
    def report(name): open(os.path.join(sys.argv[1], name), "w").write(str(os.getpid()))
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            report("daemon.tmp"); os.rename(sys.argv[1] + "/daemon.tmp", sys.argv[1] + "/daemon")
            time.sleep(600)
        os._exit(0)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid
    report("child.tmp"); os.rename(sys.argv[1] + "/child.tmp", sys.argv[1] + "/child")
    time.sleep(600)
"""

OWNER = """
    import sys, time
    from embedded import leash
    child = leash.start([sys.executable, sys.argv[1], sys.argv[2]])
    time.sleep(600)
"""


@pytest.fixture
def family(tmp_path: Path) -> Path:
    program = tmp_path / "family.py"
    program.write_text(textwrap.dedent(FAMILY))
    return program


def running(marker: Path) -> list[int]:
    """Return the processes that have the folder in their command line, keepers and owners too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str(marker).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


def wait_for(*paths: Path) -> None:
    wait_until(lambda: all(path.exists() for path in paths), f"{paths} appear")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not alive(pid), f"process {pid} ends")


@pytest.fixture
def owner(family: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER))
    process = subprocess.Popen([sys.executable, str(script), str(family), str(tmp_path)])
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_everything_ends_when_the_owner_is_ended(
    owner: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    wait_for(tmp_path / "daemon", tmp_path / "child")
    daemon = int((tmp_path / "daemon").read_text())
    child = int((tmp_path / "child").read_text())

    owner.send_signal(number)
    owner.wait(PATIENCE)

    wait_until_gone(daemon)
    wait_until_gone(child)


def test_stop_returns_when_child_and_daemon_are_gone(family: Path, tmp_path: Path) -> None:
    with leash.start([sys.executable, family, tmp_path]) as child:
        wait_for(tmp_path / "daemon", tmp_path / "child")
        assert child.poll() is None
        assert child.pid == int((tmp_path / "child").read_text())

    assert running(tmp_path) == []


def test_daemons_end_when_the_program_ends_by_itself(tmp_path: Path) -> None:
    script = f"(sleep 600 & echo $! >{tmp_path}/pid); exit 3"
    child = leash.start(["bash", "-c", script])

    assert child.wait(PATIENCE) == 3
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_program_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    script = f"trap '' TERM; touch {tmp_path}/ready; while :; do sleep 0.1; done"
    child = leash.start(["bash", "-c", script], grace=0.2)
    wait_for(tmp_path / "ready")

    assert child.stop() == 128 + signal.SIGKILL
    assert not alive(child.pid)


def test_the_program_ends_when_the_keeper_is_killed() -> None:
    child = leash.start(["sleep", "600"])

    os.kill(child.keeper.pid, signal.SIGKILL)
    child.wait(PATIENCE)

    wait_until_gone(child.pid)
    child.stop()


def test_a_keeper_that_hangs_is_killed_and_its_program_with_it() -> None:
    child = leash.start(["sleep", "600"])
    os.kill(child.keeper.pid, signal.SIGSTOP)
    child.patience = 0.2

    assert child.stop() == -signal.SIGKILL

    wait_until_gone(child.pid)


def test_the_child_outlives_the_thread_that_started_it() -> None:
    started: list[leash.Child] = []
    thread = threading.Thread(target=lambda: started.append(leash.start(["sleep", "600"])))
    thread.start()
    thread.join(PATIENCE)

    time.sleep(0.1)
    with started[0] as child:
        assert child.poll() is None
        assert alive(child.pid)


def test_output_and_environment_are_the_programs_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = leash.start(
        ["bash", "-c", "pwd; env; echo bad >&2; cat"],
        env={"PATH": os.environ["PATH"], "ONLY": "this"},
        cwd=tmp_path,
        output=log,
    )

    assert child.wait(PATIENCE) == 0
    lines = log.read_text().splitlines()
    assert lines[0] == str(tmp_path)
    assert "ONLY=this" in lines
    assert lines[-1] == "bad"


def test_a_pipe_ends_for_its_reader_when_the_program_ends() -> None:
    reader, writer = os.pipe()
    child = leash.start(["echo", "hello"], output=writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == "hello\n"
    assert child.wait(PATIENCE) == 0


def test_errors_can_go_elsewhere(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("wb") as errors:
        child = leash.start(
            ["bash", "-c", "echo good; echo bad >&2"],
            output=tmp_path / "log",
            errors=errors.fileno(),
        )
        assert child.wait(PATIENCE) == 0
    assert (tmp_path / "log").read_text() == "good\n"
    assert (tmp_path / "errors").read_text() == "bad\n"


def test_a_missing_program_is_an_error_of_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        leash.start([tmp_path / "no-such-program"])
