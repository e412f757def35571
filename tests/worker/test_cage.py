"""What a caged program can do, on a kernel with Landlock and on one without."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.worker import cage
from builder.worker.sandbox import Sandbox
from tests.patience import PATIENCE

has_landlock = pytest.mark.skipif(not cage.landlock_abi(), reason="this kernel has no Landlock")


def run(folder: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a cage with one folder."""
    folder.mkdir(exist_ok=True)
    command = Sandbox(folder).command([sys.executable, "-c", code, *words])
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=folder
    )


def gone(pid: int) -> bool:
    """Whether a process has ended, or ends within a while."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_program_ends_as_it_would_without_a_cage(tmp_path: Path) -> None:
    said = run(tmp_path / "own", "import sys; print('out'); print('err', file=sys.stderr); exit(7)")
    killed = run(tmp_path / "own", "import os; os.kill(os.getpid(), 11)")

    assert (said.returncode, said.stdout, said.stderr) == (7, "out\n", "err\n")
    assert killed.returncode == -11


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    command = Sandbox(tmp_path).command(["no-such-program"])
    ended = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)

    assert ended.returncode == 127
    assert b"no-such-program" in ended.stderr


WRITES = """
import os, pathlib, sys
own, foreign = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
(own / "deep").mkdir()
(own / "deep" / "file").write_text("mine")
(own / "deep" / "file").rename(own / "moved")
pathlib.Path("/dev/null").write_text("nothing")
attempts = {
    "write": lambda: (foreign / "file").write_text("changed"),
    "append": lambda: open(foreign / "file", "ab"),
    "truncate": lambda: os.truncate(foreign / "file", 0),
    "make": lambda: (foreign / "new").write_text("new"),
    "folder": lambda: (foreign / "folder").mkdir(),
    "delete": lambda: (foreign / "file").unlink(),
    "move in": lambda: (own / "moved").rename(foreign / "moved"),
    "move out": lambda: (foreign / "file").rename(own / "stolen"),
    "link": lambda: (foreign / "link").symlink_to("file"),
    "hard link": lambda: os.link(foreign / "file", own / "linked"),
    "through a link": lambda: ((own / "way").symlink_to(foreign), (own / "way/x").write_text("")),
}
for name, attempt in attempts.items():
    try:
        attempt()
        print(name)
    except OSError:
        pass
"""


@has_landlock
def test_a_program_writes_into_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").write_text("as it was")

    ended = run(tmp_path / "own", WRITES, str(tmp_path / "own"), str(foreign))

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert [path.name for path in foreign.iterdir()] == ["file"]
    assert (foreign / "file").read_text() == "as it was"


SPIES = """
import os, pathlib
pid = os.getppid()
while pid > 1:
    for name in ("environ", "mem", "maps"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                print(name, file.read(100))
        except OSError:
            pass
    pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
"""


@has_landlock
def test_a_program_sees_neither_environment_nor_memory_of_those_that_started_it(
    tmp_path: Path,
) -> None:
    ended = run(tmp_path / "own", SPIES)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.skipif(cage.landlock_abi() < 6, reason="signals stay inside from ABI 6 on")
def test_a_program_cannot_end_others(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    ended = run(tmp_path / "own", "import os, sys; os.kill(int(sys.argv[1]), 9)", str(other.pid))

    assert ended.returncode != 0
    assert other.poll() is None
    other.communicate(b"\n", timeout=PATIENCE)


LEAVES = """
import os, subprocess, sys
code = "import time; print(__import__('os').getpid(), flush=True); time.sleep(600)"
for start_new_session in (False, True):
    child = subprocess.Popen([sys.executable, "-c", code], stdout=-1,
                             start_new_session=start_new_session)
    print(int(child.stdout.readline()), flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", code])
    os._exit(0)
os.wait()
"""


def test_nothing_that_a_program_started_outlives_it(tmp_path: Path) -> None:
    ended = run(tmp_path / "own", LEAVES)

    left = [int(line) for line in ended.stdout.split()]
    assert len(left) >= 2
    assert all(gone(pid) for pid in left)


def test_a_cage_that_is_ended_ends_all_that_is_in_it(tmp_path: Path) -> None:
    code = LEAVES + "\nprint('ready', flush=True)\n__import__('time').sleep(600)"
    command = Sandbox(tmp_path).command([sys.executable, "-c", code])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = []
    for line in process.stdout:
        if line == "ready\n":
            break
        left.append(int(line))

    process.terminate()

    process.communicate(timeout=PATIENCE)
    assert all(gone(pid) for pid in left)


HOLDS = """
import subprocess, sys
leaves = "import os, time\\nif os.fork() == 0:\\n    os.setsid(); print(os.getpid(), flush=True)"
leaves += "\\n    time.sleep(3600)"
print(subprocess.run([sys.executable, "-c", leaves], stdout=subprocess.PIPE, text=True).stdout)
"""
"""Waits, as uv does, for the end of what a child writes, whose own child keeps it open."""


@pytest.mark.slow
def test_what_is_left_of_a_child_does_not_keep_a_program_waiting(tmp_path: Path) -> None:
    ended = run(tmp_path / "own", HOLDS)

    assert ended.returncode == 0
    assert gone(int(ended.stdout))
