"""Run a program so that it and all its descendants end when the owner ends.

However the owner ends: also by ``kill -9``. Between owner and program stands a small process, the
keeper, which holds the reading end of a pipe whose writing end only the owner has. When the owner
is gone the pipe ends, and the keeper ends everything below it.

On Linux the keeper is a "child subreaper", so that daemons that detach themselves stay below it. On
other systems it falls back on process groups and parent links: a daemon that starts a session of
its own and whose parent has ended escapes there.

The file is also the keeper's program, so it imports the standard library only and starts fast.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

INTERPRETER = sys.executable
"""Read when this is imported: ministack's process names another one for its functions later."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

PATIENCE = 60.0
"""Seconds that a keeper may take for what it does at once, before it is killed itself."""

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36  # prctl(2), Linux 3.4
ON_LINUX = sys.platform == "linux"


class Child:
    """A program on the leash; as a context manager it is stopped at the end of the block."""

    def __init__(
        self, keeper: subprocess.Popen[bytes], control: int, pid: int, grace: float
    ) -> None:
        self.keeper = keeper
        self.pid = pid
        self.patience = grace + PATIENCE
        self._control = control

    def poll(self) -> int | None:
        """Return the exit status, or None while the program or the cleaning after it runs."""
        return self.keeper.poll()

    def wait(self, timeout: float) -> int:
        """Wait for the end; 128 + n means signal n. Raise subprocess.TimeoutExpired."""
        return self.keeper.wait(timeout)

    def stop(self) -> int:
        """End the program and all its descendants, wait until they are gone, return its status."""
        control, self._control = self._control, -1
        if control >= 0:
            os.close(control)
        try:
            return self.keeper.wait(self.patience)
        except subprocess.TimeoutExpired:
            # Something below cannot be killed, as a process that waits for a dead disk; on Linux
            # the kernel kills the program with its keeper.
            self.keeper.kill()
            return self.keeper.wait(PATIENCE)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    command: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    stdin: int | None = None,
    output: Path | int | None = None,
    errors: int | None = None,
    pass_fds: Sequence[int] = (),
    grace: float = GRACE,
) -> Child:
    """Start a program on a leash that the calling process holds.

    ``output`` gets stdout and stderr: a file to append to or a descriptor; None is the owner's own.
    ``errors``, a descriptor, gets stderr instead. ``stdin`` is a descriptor; None is an empty
    input. Raise OSError when the program cannot start.
    """
    with contextlib.ExitStack() as ours:
        control_read, control_write = os.pipe()
        ours.callback(os.close, control_read)
        status_read, status_write = os.pipe()
        status = ours.enter_context(os.fdopen(status_read, "rb"))
        if isinstance(output, Path):
            output = ours.enter_context(output.open("ab")).fileno()
        options = {
            "command": [os.fspath(part) for part in command],
            "control": control_read,
            "status": status_write,
            "pass_fds": list(pass_fds),
            "cwd": os.fspath(cwd) if cwd else None,
            "grace": grace,
        }
        try:
            keeper = subprocess.Popen(
                # Neither site-packages nor the user's settings: the keeper starts in milliseconds.
                [INTERPRETER, "-I", "-S", str(Path(__file__).resolve()), json.dumps(options)],
                env=None if env is None else dict(env),
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=output,
                stderr=subprocess.STDOUT if errors is None and output is not None else errors,
                pass_fds=(control_read, status_write, *pass_fds),
                # The terminal's Ctrl-C is the owner's business; the owner's end reaches us anyway.
                start_new_session=True,
            )
        except BaseException:
            os.close(control_write)
            raise
        finally:
            os.close(status_write)
        answer = json.loads(status.read() or b"{}")
    if "pid" in answer:
        return Child(keeper, control_write, answer["pid"], grace)
    os.close(control_write)
    keeper.wait(PATIENCE)
    raise OSError(
        answer.get("errno", 0), answer.get("error", "the keeper did not start"), command[0]
    )


def keep(options: dict[str, Any]) -> int:
    """Be the keeper: run the program, end everything below when it or the owner ends."""
    become_subreaper()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    asked_to_end = [False]

    def end(number: int, frame: FrameType | None) -> None:
        asked_to_end[0] = True

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    program = launch(options)
    if program is None:
        return 127
    control = options["control"]
    while program.poll() is None and not asked_to_end[0]:
        ready, _, _ = select.select([control, wake_read], [], [])
        if control in ready:
            break
        os.read(wake_read, 4096)
        reap_orphans(program)
    end_everything(program, options["grace"])
    code = program.returncode
    return int(code if code >= 0 else 128 - code)


def launch(options: dict[str, Any]) -> subprocess.Popen[bytes] | None:
    """Start the program and tell the owner its process id, or why it did not start."""
    status = options["status"]
    os.set_inheritable(options["control"], False)
    os.set_inheritable(status, False)
    keeper = os.getpid()
    try:
        program = subprocess.Popen(
            options["command"],
            cwd=options["cwd"],
            pass_fds=options["pass_fds"],
            start_new_session=True,
            # A second line of defence, for the case that the keeper itself is killed. Safe here:
            # the keeper has one thread, and the signal follows the thread that forked.
            preexec_fn=(lambda: die_with_parent(keeper)) if ON_LINUX else None,
        )
    except OSError as error:
        os.write(status, json.dumps({"errno": error.errno, "error": error.strerror}).encode())
        return None
    else:
        os.write(status, json.dumps({"pid": program.pid}).encode())
    finally:
        os.close(status)
        for descriptor in options["pass_fds"]:
            os.close(descriptor)
        # Held here, a pipe given as the program's output would never end for its reader.
        release_standard_streams()
    return program


def release_standard_streams() -> None:
    """Put /dev/null in the place of stdin, stdout and stderr."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def end_everything(program: subprocess.Popen[bytes], grace: float) -> None:
    """Ask everything below the keeper to end, insist after the grace, wait until it is gone."""
    signal_all(signal.SIGTERM, program)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        reap_orphans(program)
        if program.poll() is not None and not descendants(program):
            return
        time.sleep(0.01)
    # Again and again: a process may have forked between the look and the signal.
    while program.poll() is None or descendants(program):
        signal_all(signal.SIGKILL, program)
        reap_orphans(program)
        time.sleep(0.005)


def signal_all(number: signal.Signals, program: subprocess.Popen[bytes]) -> None:
    """Send a signal to every process below the keeper."""
    for pid in descendants(program):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def reap_orphans(program: subprocess.Popen[bytes]) -> None:
    """Collect ended processes that were handed to the keeper as subreaper."""
    for pid, (parent, state) in processes().items():
        if parent == os.getpid() and state == "Z" and pid != program.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def descendants(program: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes below the keeper that have not ended."""
    table = processes()
    below = {os.getpid(), program.pid}
    grew = True
    while grew:
        more = {pid for pid, (parent, _) in table.items() if parent in below}
        grew = not more <= below
        below |= more
    below.discard(os.getpid())
    return [pid for pid in below if pid in table and table[pid][1] != "Z"]


def processes() -> dict[int, tuple[int, str]]:
    """Return parent and state of every process, by process id."""
    return processes_from_proc() if ON_LINUX else processes_from_ps()


def processes_from_proc() -> dict[int, tuple[int, str]]:
    """Read the process table from /proc."""
    table: dict[int, tuple[int, str]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - called in a loop; strings are what is needed
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                # The program's name stands in parentheses and may itself hold any character.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        table[int(name)] = (int(fields[1]), fields[0].decode())
    return table


def processes_from_ps() -> dict[int, tuple[int, str]]:
    """Read the process table from ps, where there is no /proc.

    The group's leader counts as the parent of its whole group, so that orphans are found.
    """
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,pgid=,stat="],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    table: dict[int, tuple[int, str]] = {}
    for line in listing.stdout.splitlines():
        pid, parent, group, state = line.split(None, 3)
        orphaned = int(parent) == 1 and group != pid
        table[int(pid)] = (int(group if orphaned else parent), state[0])
    return table


def become_subreaper() -> None:
    """Let processes orphaned below this one become its children (Linux)."""
    if ON_LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process when its parent ends (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    sys.exit(keep(json.loads(sys.argv[1])))
