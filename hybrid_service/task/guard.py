"""Run a command that the kernel ends with the process that started it (Linux).

The file is a program: the parent's process id, and the command. Without it a supervisor that is
killed would leave a server behind that goes on answering without a lease.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str]) -> None:
    """Become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the supervisor has ended")
    os.execvp(command[0], command)  # noqa: S606 - the command of the service is what this is for


if __name__ == "__main__":
    main(sys.argv[1:])
