"""The builder, in a process that is killed in the middle: ``doomed.py FILE hook release``.

FILE holds the name of an operation of AWS, ``before`` or ``after`` it, and how many of these calls
come first. The process is killed there, as by ``kill -9``, once: FILE is removed first.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from builder.aws.session import Session
from builder.cli import main

fate = Path(sys.argv.pop(1))
client_of = Session.client


def client(self: Session, service: str, **options: Any) -> Any:
    """Return a client that ends the process at the moment named."""
    made = client_of(self, service, **options)
    if fate.exists():
        operation, moment, left = fate.read_text().split()
        remaining = [int(left)]

        def count(**_event: Any) -> None:
            remaining[0] -= 1
            if remaining[0] < 0:
                fate.unlink()
                os.kill(os.getpid(), signal.SIGKILL)

        made.meta.events.register(f"{moment}-call.*.{operation}", count)
    return made


if __name__ == "__main__":
    Session.client = client  # type: ignore[method-assign]  # this program exists to do that
    main(prog_name="lambda-layer")
