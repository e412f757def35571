"""Starts one program that may write into some folders only, and ends all that it leaves running.

The program's text is given to an interpreter with ``-c``. Arguments: the folders, ``--``, folders
whose files it may not read, ``--``, those inside of them that it may, ``--``, and the program with
its own. It exits as that does.

On a Linux that has Landlock the program and all that it starts can write nowhere else, and can
neither read the memory or the environment of processes outside, nor (ABI 6) signal them. Source of
numbers and structures: the Linux kernel's include/uapi/linux/landlock.h, and its documentation,
"Landlock: unprivileged access control" ("Ptrace restrictions", "IPC scoping").
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
import sys
import time
from typing import Iterator, List, NoReturn, Sequence

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
QUERY_VERSION = 1
PATH_BENEATH = 1

WRITE_FILE, READ_FILE, TRUNCATE = 1 << 1, 1 << 2, 1 << 14
REMOVE_AND_MAKE = 0b1_1111_1111_0000
REFER = 1 << 13
"""Rights by the first ABI that has them: REFER with 2, TRUNCATE with 3."""
SCOPES = 0b11
"""With ABI 6: abstract sockets and signals stay inside."""

SET_PDEATHSIG, CAPBSET_DROP, SET_CHILD_SUBREAPER, NO_NEW_PRIVS = 1, 24, 36, 38
"""Operations of prctl(2)."""

CAPABILITIES = 64
OF_FILES = {0, 1, 3, 4, 6, 7}
"""What a build as root may need: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETGID, SETUID. One of the
others, PERFMON, would show it the environment of every process (capabilities(7))."""

SHARED = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm")  # noqa: S108 - a device
"""What programs write to that keep nothing for a later one of ours."""

PATIENCE = 20.0
"""Seconds in which what was left running must be gone."""
LOOK = 1.0
IDLE = 5
"""Looks at a program that has no children while something that one of them left still runs. It may
wait for that to close its output: uv does, which reads what a build backend writes to its end."""

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_abi() -> int:
    """Return the version of the kernel's Landlock, 0 where there is none."""
    return max(0, int(_libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), QUERY_VERSION)))


def confine(folders: Sequence[str], closed: Sequence[str], opened: Sequence[str]) -> None:
    """Let this process, and what it becomes, write below some folders only, and read not all."""
    for number in set(range(CAPABILITIES)) - OF_FILES:
        _libc.prctl(CAPBSET_DROP, number, 0, 0, 0)
    _libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    abi = landlock_abi()
    if not abi:
        return
    rights = WRITE_FILE | REMOVE_AND_MAKE
    rights |= REFER if abi >= 2 else 0
    rights |= TRUNCATE if abi >= 3 else 0
    read = READ_FILE if closed else 0
    attributes = struct.pack("<QQQ", rights | read, 0, SCOPES if abi >= 6 else 0)
    ruleset = _call(CREATE_RULESET, attributes, ctypes.c_size_t(24 if abi >= 6 else 8), 0)
    for path in (*folders, *SHARED):
        _allow(ruleset, path, rights | read)
    for path in (*everything_but("/", closed), *opened) if closed else ():
        _allow(ruleset, path, read)
    _call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def everything_but(folder: str, closed: Sequence[str]) -> Iterator[str]:
    """Yield what there is below a folder, but for some: each as high up as it can be."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            # What a link shows is found, or closed, where it is.
            if entry.is_symlink() or entry.path in closed:
                continue
            if any(path.startswith(f"{entry.path}/") for path in closed):
                yield from everything_but(entry.path, closed)
            else:
                yield entry.path


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it is not there, or is no longer
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib takes long to import
        rights &= WRITE_FILE | READ_FILE | TRUNCATE
    _call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("<Qi", rights, place), 0)
    os.close(place)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the program in its folders; end what is left of it."""
    groups, command = [], list(arguments)
    for _ in range(3):
        end = command.index("--")
        groups.append(command[:end])
        command = command[end + 1 :]
    _libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Whoever asks us to end means the program.
    signal.signal(signal.SIGTERM, _ended)
    # Not lost between two looks: it waits until it is asked for.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        _become(groups, command)
    status, gone = 1, False
    try:
        status = _wait(child)
    finally:
        gone = end_all()
    if not gone:
        os.write(2, b"what it started cannot be ended: it starts itself again and again\n")
        os._exit(1)
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        with contextlib.suppress(OSError):
            os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _wait(child: int) -> int:
    """Return the status with which a child ends; end what keeps it from that."""
    idle = 0
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return status
        if pid:
            continue
        signal.sigtimedwait({signal.SIGCHLD}, LOOK)
        running = [(pid, parent) for pid, parent, state in _processes() if state != "Z"]
        left = [pid for pid, parent in running if parent == os.getpid() and pid != child]
        idle = idle + 1 if left and all(parent != child for _, parent in running) else 0
        if idle >= IDLE:
            _kill(left)


def _become(groups: Sequence[Sequence[str]], command: Sequence[str]) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    _libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # Away from the terminal of who started us, and from their group of processes.
    os.setsid()
    try:
        confine(*groups)
        os.execvp(command[0], list(command))  # noqa: S606 - what we were asked to run
    except OSError as error:
        os.write(2, f"{command[0]}: {error}\n".encode())
        os._exit(127)


def _ended(*_: object) -> NoReturn:
    end_all()
    os._exit(128 + signal.SIGTERM)


def end_all() -> bool:
    """Kill all that descends from this process; what loses its parent becomes our child.

    Return whether all of it is gone.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        _kill(children())
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        time.sleep(0.001)
    return False


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children() -> List[int]:
    """Return the processes whose parent is this one."""
    return [pid for pid, parent, _ in _processes() if parent == os.getpid()]


def _processes() -> Iterator[tuple[int, int, str]]:
    """Yield all processes with their parents and states, such as "Z" (proc(5))."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - as above
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                # The name before it is in brackets, and may hold any.
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                yield int(name), int(parent), state.decode()


if __name__ == "__main__":
    main(sys.argv[1:])
