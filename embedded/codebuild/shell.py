"""Run a build's commands one by one in one bash, so that cd, export and functions carry over.

Source: AWS CodeBuild user guide, "Build specification reference": version 0.2 runs all commands in
the same instance of the shell.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from embedded import leash

LOOP = r"""
# Commands come as two lines on descriptor 8: whether the build is succeeding, and the file that
# holds the command. Descriptor 9 is the log: the end of a command is marked there, in order with
# its output. Neither is left open for the commands.
exec 8<&0 9>&1 </dev/null
if [ -e "$_CODEBUILD_STATE/environment" ]; then
  . "$_CODEBUILD_STATE/environment" 2>/dev/null
  cd "$(cat "$_CODEBUILD_STATE/directory")"
fi
# "exit" ends the shell; the next one goes on where it was.
trap '{ declare -px >"$_CODEBUILD_STATE/environment"
  pwd >"$_CODEBUILD_STATE/directory"; } 2>/dev/null' EXIT
while IFS= read -r -u 8 CODEBUILD_BUILD_SUCCEEDING && IFS= read -r -u 8 _codebuild_command; do
  . "$_codebuild_command" 8<&- 9>&-
  { printf '\036%s %d\036\n' MARK $? >&9; } 2>/dev/null
done
"""

CHUNK = 65536

ENDED_BY_US = b"Terminated"
"""What bash says of a command that dies a moment before bash itself, when all are cancelled."""


class Cancelled(Exception):
    """The shell was cancelled while, or before, a command ran."""


class Shell:
    """The shell of one build; ``state`` is a folder of its own, ``on_line`` gets its output."""

    def __init__(
        self,
        environment: Mapping[str, str],
        directory: Path,
        state: Path,
        on_line: Callable[[str], None],
    ) -> None:
        self.environment = environment
        self.directory = directory
        self.state = state
        self.on_line = on_line
        self.mark = secrets.token_hex(16)
        self.commands = 0
        self._process: leash.Child | None = None
        self._requests = -1
        self._output = -1
        self._buffer = b""
        self._cancelled = False
        self._lock = Lock()

    def run(self, command: str, *, succeeding: bool) -> int:
        """Run a command, return its exit status; raise Cancelled when :meth:`cancel` was called."""
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._process = self._process or self._start()
        self.commands += 1
        file = self.state / f"script-{self.commands}.sh"
        file.write_text(command + "\n", encoding="utf-8")
        # A pipe without reader: the shell has ended; reading tells with which status.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._requests, f"{int(succeeding)}\n{file}\n".encode())
        status = self._read_until_marked()
        if self._cancelled:
            raise Cancelled
        return status

    def read_environment(self) -> dict[str, str]:
        """Return the environment as the commands left it."""
        file = self.state / "final-environment"
        self.run(f'env -0 >"{file}"', succeeding=True)
        pairs = file.read_bytes().decode(errors="replace").split("\0")
        return dict(pair.partition("=")[::2] for pair in pairs if pair)

    def cancel(self) -> None:
        """End the shell and everything it started, also while another thread is in :meth:`run`."""
        with self._lock:
            self._cancelled = True
            process = self._process
        if process:
            process.stop()

    def close(self) -> None:
        """End the shell and everything it started."""
        if self._process is None:
            return
        os.close(self._requests)
        self._process.stop()
        os.close(self._output)
        self._process = None

    def _start(self) -> leash.Child:
        requests, self._requests = os.pipe()
        self._output, output = os.pipe()
        self._buffer = b""
        try:
            return leash.start(
                ["bash", "--noprofile", "--norc", "-c", LOOP.replace("MARK", self.mark)],
                env={
                    **self.environment,
                    "CODEBUILD_BUILD_SUCCEEDING": "1",
                    "_CODEBUILD_STATE": str(self.state),
                },
                cwd=self.directory,
                stdin=requests,
                output=output,
            )
        except BaseException:
            os.close(self._requests)
            os.close(self._output)
            raise
        finally:
            os.close(requests)
            os.close(output)

    def _read_until_marked(self) -> int:
        """Pass output on until the command has ended; return its status."""
        assert self._process is not None
        while True:
            *lines, self._buffer = self._buffer.split(b"\n")
            for number, line in enumerate(lines):
                rest, marked, status = line.partition(b"\x1e" + self.mark.encode() + b" ")
                if not marked:
                    self._pass_on(line)
                    continue
                if rest:
                    self._pass_on(rest)
                self._buffer = b"\n".join([*lines[number + 1 :], self._buffer])
                return int(status.rstrip(b"\x1e"))
            chunk = os.read(self._output, CHUNK)
            if not chunk:
                return self._ended()
            self._buffer += chunk

    def _ended(self) -> int:
        """Take note that the shell itself has ended; return its status."""
        assert self._process is not None
        if self._buffer:
            self._pass_on(self._buffer)
        status = self._process.wait(leash.PATIENCE)
        self.close()
        return status

    def _pass_on(self, line: bytes) -> None:
        if self._cancelled and line == ENDED_BY_US:
            return
        self.on_line(line.decode("utf-8", errors="replace"))
