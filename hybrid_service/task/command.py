"""The service's command as a process group: started, asked for its health, stilled, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hybrid_service.clock import elapsed
from hybrid_service.errors import SettingsError
from hybrid_service.probe import answers

LOOPBACK = "127.0.0.1"
_STILL = 5.0
"""Seconds that stopped processes may take to be stopped."""


def free_port() -> int:
    """Return a port that is free on loopback now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Command:
    """A running command; it listens on ``port`` of loopback."""

    def __init__(self, words: Sequence[str], port: int, data: Path, health: str) -> None:
        self.port = port
        self.health = health
        places = {"{port}": str(port), "{data}": str(data)}
        for place, value in places.items():
            words = [word.replace(place, value) for word in words]
        self._process = start(words)

    @property
    def pid(self) -> int:
        """The process id, which is that of the group too."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit status, None while the command runs."""
        return self._process.poll()

    def is_healthy(self) -> bool:
        """Whether it answers: with a status below 400, or at all where no path was given."""
        return answers(LOOPBACK, self.port, self.health)

    def still(self) -> None:
        """Stop the processes of the group where they are."""
        self._signal(signal.SIGSTOP)
        deadline = elapsed() + _STILL
        while elapsed() < deadline and not self._is_still():
            time.sleep(0.002)

    def go_on(self) -> None:
        """Let stopped processes continue."""
        self._signal(signal.SIGCONT)

    def end(self, patience: float) -> int:
        """Ask the command to end, kill what is left of its group, return its status."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(patience, 0.0))
        return self.kill()

    def kill(self) -> int:
        """Kill the group."""
        self._signal(signal.SIGKILL)
        return self._process.wait(_STILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _is_still(self) -> bool:
        return all(state in "TtZX" for state in _states(self._process.pid))


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command as a process group that ends with this process."""
    guard = Path(__file__).with_name("guard.py")
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(guard), str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise SettingsError(
            f"the command cannot be started: {error}",
            where=" ".join(words),
            expected="a program of the image",
            fix="correct the command of the service",
        ) from error


def _states(group: int) -> list[str]:
    """Return the states of all threads of a process group (proc(5)); none without /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The program's name is in parentheses and may have any character in it.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[2]) == group:
                found += [
                    thread.read_text(errors="replace").rpartition(")")[2].split()[0]
                    for thread in folder.glob("task/*/stat")
                ]
        except (OSError, IndexError, ValueError):
            continue  # it has ended
    return found
