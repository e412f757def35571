"""Measuring one command: wall time, processor time, and the memory of all its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.02
"""Seconds between two looks at the memory."""


class Failed(Exception):
    """A measured command did not succeed; its output is the message."""


@dataclass(frozen=True)
class Usage:
    """What one command took: seconds, seconds of processor time, bytes of memory at most.

    ``kernel`` are the seconds of ``cpu`` that the kernel used.
    """

    wall: float
    cpu: float
    peak: int
    kernel: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Return what both take one after the other."""
        peak, kernel = max(self.peak, other.peak), self.kernel + other.kernel
        return Usage(self.wall + other.wall, self.cpu + other.cpu, peak, kernel)


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Usage:
    """Run a command to its end; raise Failed unless it succeeds."""
    log = cwd / "command.log"
    with log.open("w", encoding="utf-8") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watch = Watch(process.pid)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
    if process.returncode:
        raise Failed(f"{' '.join(command)}\n{log.read_text(encoding='utf-8')[-3000:]}")
    # The largest single process is exact (getrusage(2), in kB); the sum of all was looked at.
    peak = max(watch.peak, used.ru_maxrss * 1024)
    return Usage(wall, used.ru_utime + used.ru_stime, peak, used.ru_stime)


class Watch:
    """Looks again and again at the memory of a process with all that it started."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(pid,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def _look(self, pid: int) -> None:
        while not self._ended.wait(PAUSE):
            self.peak = max(self.peak, sum(map(resident, family(pid))))


def family(pid: int) -> Iterator[int]:
    """Yield a process with its children and theirs (proc(5))."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listed.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def resident(pid: int) -> int:
    """Return the bytes of a process that are in memory, shared ones too; 0 when it has ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
