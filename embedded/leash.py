"""Run a program so that it and all its descendants end when the owner ends.

However the owner ends: also by ``kill -9``. Between owner and program stands a small process, the
keeper, which holds the reading end of a pipe whose writing end only the owner has. When the owner
is gone the pipe ends, and the keeper ends everything below it.

On Linux the keeper is a "child subreaper", so that daemons that detach themselves stay below it. On
other systems it falls back on process groups and parent links: a daemon that starts a session of
its own and whose parent has ended escapes there.

The keeper itself is keeper.py.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

INTERPRETER = sys.executable
"""Read when this is imported: ministack's process names another one for its functions later."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

PATIENCE = 60.0
"""Seconds that a keeper may take for what it does at once, before it is killed itself."""

KEEPER = (
    "import sys; sys.path.append(sys.argv[1]); import keeper; sys.exit(keeper.keep(sys.argv[2:]))"
)
"""Python runs a file from its source, and a module from its bytecode, which takes half the time."""


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
        try:
            keeper = subprocess.Popen(
                [
                    # Neither site-packages nor the user's settings: it starts in milliseconds.
                    *(INTERPRETER, "-I", "-S", "-c", KEEPER, str(Path(__file__).resolve().parent)),
                    *(str(control_read), str(status_write), str(grace)),
                    *(",".join(map(str, pass_fds)), os.fspath(cwd) if cwd else ""),
                    *(os.fspath(part) for part in command),
                ],
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
        kind, _, number = status.read().decode().partition(" ")
    if kind == "pid":
        return Child(keeper, control_write, int(number), grace)
    os.close(control_write)
    keeper.wait(PATIENCE)
    code = int(number or 0)
    why = os.strerror(code) if code else "the keeper did not start"
    raise OSError(code, why, command[0])


def kept(words: Sequence[str]) -> list[str]:
    """Return the program's words of those that a keeper is started with; none of other words."""
    at = words.index(KEEPER) + 7 if KEEPER in words else len(words)
    return list(words[at:])
