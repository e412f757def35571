"""Run the CodeBuild agent as a child that cannot outlive us."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from embedded import leash
from embedded.ministack.process import Identity
from embedded.processes import base_environment, wait_until_healthy

HEALTH = "/_agent/health"


def start(
    state: Path,
    identity: Identity,
    listener: socket.socket,
    upstream: str,
    python: Path | None,
    *,
    minute: float = 60.0,
) -> leash.Child:
    """Start the agent on a bound socket, in front of ministack; follow with :func:`wait`.

    ``minute`` is how many seconds a minute of a time-out has: tests cannot wait for long ones.
    """
    # PIP_* and UV_* are for the builds, which run on this machine's network.
    tools = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_"))}
    return leash.start(
        [
            *(sys.executable, "-m", "embedded.codebuild.agent"),
            *("--socket", str(listener.fileno()), "--upstream", upstream),
            *("--state", str(state / "codebuild"), "--python", str(python or sys.executable)),
            *("--account", identity.account, "--region", identity.region),
            *("--minute", str(minute)),
        ],
        env={
            **base_environment(),
            **tools,
            "HOME": os.environ.get("HOME", "/"),
            "TMPDIR": str(state / "tmp"),
            "AWS_ACCESS_KEY_ID": identity.access_key_id,
            "AWS_SECRET_ACCESS_KEY": identity.secret_access_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONSAFEPATH": "1",
        },
        cwd=state,
        output=state / "codebuild.log",
        pass_fds=[listener.fileno()],
    )


def wait(child: leash.Child, port: int, state: Path) -> None:
    """Wait until it answers."""
    wait_until_healthy("the CodeBuild agent", child, port, HEALTH, state / "codebuild.log")
