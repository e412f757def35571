"""The keeper between an owner and a program; leash.py says what for, and starts it.

It is started for every program, so it imports little: with json, subprocess and what they import it
would take three times as long to start.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36  # prctl(2), Linux 3.4
ON_LINUX = sys.platform == "linux"


class Program:
    """The program: its process id, its exit status once it has ended (-n is signal n)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self.is_last = False
        """Whether the keeper has no child any more."""

    def reap(self) -> None:
        """Collect what has ended: the program, and orphans handed to the keeper as subreaper."""
        while not self.is_last:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.is_last = True
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.status = os.waitstatus_to_exitcode(status)

    def is_gone(self) -> bool:
        """Whether the program and all below it have ended."""
        self.reap()
        if self.status is None:
            return False
        # A subreaper's descendants are below a child of its own: without one there are none.
        return self.is_last if ON_LINUX else not descendants(self)


def keep(arguments: list[str]) -> int:
    """Be the keeper: run the program, end everything below when it or the owner ends.

    The arguments are two descriptors, one that ends with the owner and one to answer on, the
    seconds between SIGTERM and SIGKILL, the descriptors that are the program's, with commas, its
    folder or "", and its words. Return its exit status; 128 + n means signal n.
    """
    control, answer, fds = int(arguments[0]), int(arguments[1]), arguments[3]
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

    os.set_inheritable(control, False)
    os.set_inheritable(answer, False)
    program = launch(arguments[5:], arguments[4], answer)
    for descriptor in (answer, *(int(fd) for fd in fds.split(",") if fd)):
        os.close(descriptor)
    # Held here, a pipe given as the program's output would never end for its reader.
    release_standard_streams()
    if program is None:
        return 127
    while program.status is None and not asked_to_end[0]:
        ready, _, _ = select.select([control, wake_read], [], [])
        if control in ready:
            break
        os.read(wake_read, 4096)
        program.reap()
    end_everything(program, float(arguments[2]))
    code = program.status or 0
    return code if code >= 0 else 128 - code


def launch(command: list[str], cwd: str, answer: int) -> Program | None:
    """Start the program and tell the owner its process id, or the number of the error."""
    keeper = os.getpid()
    refused_read, refused_write = os.pipe()  # it ends when the program has begun
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            # A second line of defence, for the case that the keeper itself is killed. Safe here:
            # the keeper has one thread, and the signal follows the thread that forked.
            die_with_parent(keeper)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            if cwd:
                os.chdir(cwd)
            os.execvp(command[0], command)  # noqa: S606 - it is what the owner asked for
        except OSError as error:
            os.write(refused_write, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(refused_write)
    refused = os.read(refused_read, 100).decode()
    os.close(refused_read)
    if refused:
        os.waitpid(pid, 0)
    os.write(answer, f"errno {refused}".encode() if refused else f"pid {pid}".encode())
    return None if refused else Program(pid)


def release_standard_streams() -> None:
    """Put /dev/null in the place of stdin, stdout and stderr."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def end_everything(program: Program, grace: float) -> None:
    """Ask everything below the keeper to end, insist after the grace, wait until it is gone."""
    if program.is_gone():
        return
    signal_all(signal.SIGTERM, program)
    deadline = time.monotonic() + grace
    while not program.is_gone():
        if time.monotonic() < deadline:
            time.sleep(0.01)
            continue
        # Again and again: a process may have forked between the look and the signal.
        signal_all(signal.SIGKILL, program)
        time.sleep(0.005)


def signal_all(number: signal.Signals, program: Program) -> None:
    """Send a signal to every process below the keeper."""
    for pid in descendants(program):
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def descendants(program: Program) -> list[int]:
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
    import subprocess

    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,pgid=,stat="],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
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
    if not ON_LINUX:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
