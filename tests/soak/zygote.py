"""Real processes that start at once: each is forked from one that has everything imported.

``python -m tests.soak.zygote`` reads a job a line and forks a process for it; it writes the job's
folder with the exit code once the process has ended. It has one thread, so forking is safe. When
its input ends, so do its processes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.patience import PATIENCE
from tests.soak.caller import Job, run, share_models

LOOK = 0.01
"""Seconds between looks whether a process has ended."""


def serve() -> None:
    """Fork a process a line until the input ends."""
    share_models()
    living: dict[int, str] = {}
    buffer = b""
    try:
        while True:
            if select.select([0], [], [], LOOK)[0]:
                read = os.read(0, 1 << 16)
                if not read:
                    return
                *lines, buffer = (buffer + read).split(b"\n")
                for line in lines:
                    job = Job(**json.loads(line))
                    living[_fork(job)] = job.folder
            for pid in list(living):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    # Not by its number: Linux gives that to another process before long.
                    fact = {"folder": living.pop(pid), "code": os.waitstatus_to_exitcode(status)}
                    os.write(1, f"{json.dumps(fact)}\n".encode())
    finally:
        for pid in living:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork(job: Job) -> int:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os._exit(run(job))
    return pid


@dataclass
class Process:
    """A process that was started; ``folder`` has what it said and which calls it made."""

    zygote: Zygote
    folder: Path

    def exit_code(self, seconds: float = 3 * PATIENCE) -> int:
        """Wait for its end and return its exit code, below zero for a signal."""
        return self.zygote.ended(self.folder, seconds)

    @property
    def stdout(self) -> str:
        """What it has written so far."""
        return self._read("stdout")

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._read("stderr")

    @cached_property
    def calls(self) -> list[str]:
        """Its calls: ``before StartBuild``, and ``after`` those that write."""
        return self._read("calls").splitlines()

    @property
    def silence(self) -> float:
        """The longest time in which it said nothing, in seconds; 0 for a killed one."""
        return float(self._read("silence") or 0)

    def _read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text("utf-8", "replace") if path.exists() else ""


class Zygote:
    """Starts processes; a context manager. Several threads may use it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._codes: dict[str, int] = {}
        self._changed = threading.Condition()

    def __enter__(self) -> Zygote:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(PATIENCE)
        finally:
            self._child.kill()
            self._child.wait(PATIENCE)
            self._listener.join(PATIENCE)
            assert self._child.stdout is not None
            self._child.stdout.close()

    def start(self, environment: Mapping[str, str], **job: Any) -> Process:
        """Start a process that does a job (tests/soak/caller.py)."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        line = Job(str(folder), dict(environment), **job).to_json()
        assert self._child.stdin is not None
        with self._changed:
            self._child.stdin.write(f"{line}\n".encode())
            self._child.stdin.flush()
        return Process(self, folder)

    def ended(self, folder: Path, seconds: float) -> int:
        """Wait for the end of the process of a folder and return its exit code."""
        with self._changed:
            if not self._changed.wait_for(lambda: str(folder) in self._codes, seconds):
                raise AssertionError(f"a process did not end within {seconds:.0f} s: {folder}")
            return self._codes[str(folder)]

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            fact = json.loads(line)
            with self._changed:
                self._codes[fact["folder"]] = fact["code"]
                self._changed.notify_all()


if __name__ == "__main__":
    serve()
