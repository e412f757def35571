"""A command as a process in a pseudo-terminal of so many columns, as a person starts it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.patience import PATIENCE, wait_until

LINES = 50


@dataclass
class Terminal:
    """A running command and what its terminal has been sent."""

    process: subprocess.Popen[bytes]
    master: int
    _sent: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """All that was sent up to now, with the line ends of files."""
        return bytes(self._sent).decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.master, text.encode())

    def press_ctrl_c(self) -> None:
        """Type it; the terminal makes it a SIGINT for its foreground process group."""
        self.type("\x03")

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return the exit code."""
        return self.process.wait(seconds)

    def wait_for(self, happened: Callable[[], object], what: str) -> None:
        """Wait until something is so while the command runs."""

        def over() -> bool:
            return bool(happened()) or self.process.poll() is not None

        wait_until(over, lambda: f"{what}; there is {self.text!r}")
        assert self.process.poll() is None, f"it ended before {what}: {self.text}"

    def group(self) -> list[int]:
        """Return the processes of the command's session that are there."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            state, session = fields[0], int(fields[3])
            if session == self.process.pid and state != "Z":
                found.append(int(entry.name))
        return found

    def _read(self) -> None:
        while True:
            try:
                got = os.read(self.master, 65536)
            except OSError:  # EIO: nobody has the other end any more
                return
            if not got:
                return
            self._sent += got


@contextmanager
def in_terminal(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, columns: int = 80
) -> Iterator[Terminal]:
    """Start a command as the leader of a session whose terminal it has; end what is left of it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
    # The terminal itself says how large it is.
    environment = {k: v for k, v in env.items() if k not in {"COLUMNS", "LINES"}}
    # `setsid --ctty` instead of a function between fork and exec, which threads make unsafe.
    process = subprocess.Popen(
        ["setsid", "--ctty", *command],
        stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=cwd,
    )  # fmt: skip
    os.close(slave)
    terminal = Terminal(process, master)
    reader = threading.Thread(target=terminal._read, daemon=True)
    reader.start()
    try:
        yield terminal
        if process.poll() is not None:
            reader.join(PATIENCE)
    finally:
        for left in terminal.group():
            os.kill(left, signal.SIGKILL)
        process.kill()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        os.close(master)
