"""Run ministack, the emulator behind the embedded AWS, as a child that cannot outlive us."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from embedded import leash
from embedded.processes import LOOPBACK, base_environment, wait_until_healthy


@dataclass(frozen=True)
class Identity:
    """Account and region of the embedded AWS, with the credentials that may do all."""

    account: str = "123456789012"
    region: str = "eu-central-1"
    # ministack takes exactly this key for the account's root user.
    access_key_id: str = "AKIAEMBEDDEDROOT0000"
    secret_access_key: str = "embedded-aws-has-no-secrets"  # noqa: S105 - opens nothing but loopback


@dataclass(frozen=True)
class Ministack:
    """A running ministack."""

    child: leash.Child
    url: str
    journal: Path


def start(
    state: Path, identity: Identity, listener: socket.socket, extra: dict[str, str]
) -> Ministack:
    """Start ministack on a bound socket; ``extra`` is what its Lambda functions also see.

    Follow with :func:`wait`. Everything it writes is below ``state``.
    """
    port = listener.getsockname()[1]
    journal = state / "calls.jsonl"
    (state / "tmp").mkdir(parents=True, exist_ok=True)
    child = leash.start(
        [
            *(sys.executable, "-m", "embedded.ministack.gateway"),
            *("--socket", str(listener.fileno()), "--calls", str(journal)),
        ],
        env={**base_environment(), **settings(state, identity), **extra},
        cwd=state,
        output=state / "ministack.log",
        pass_fds=[listener.fileno()],
        grace=0.5,
    )
    return Ministack(child, f"http://{LOOPBACK}:{port}", journal)


def wait(ministack: Ministack, state: Path) -> None:
    """Wait until it answers."""
    port = int(ministack.url.rpartition(":")[2])
    wait_until_healthy(
        "ministack", ministack.child, port, "/_ministack/health", state / "ministack.log"
    )


def settings(state: Path, identity: Identity) -> dict[str, str]:
    """Return ministack's settings as environment variables."""
    return {
        "AUTH": "true",  # check signatures and policies for real
        "MINISTACK_ACCOUNT_ID": identity.account,
        "MINISTACK_REGION": identity.region,
        "AWS_ACCESS_KEY_ID": identity.access_key_id,
        "AWS_SECRET_ACCESS_KEY": identity.secret_access_key,
        "HOME": str(state),
        # By default these are in /tmp, shared by all instances of a machine.
        "TMPDIR": str(state / "tmp"),
        "S3_DATA_DIR": str(state / "s3"),
        "STATE_DIR": str(state / "state"),
        "LAMBDA_EXECUTOR": "local",  # functions run in this interpreter, without Docker
        # With a Docker socket at hand it removes containers that look like its own.
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
        # Both would open a port of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONSAFEPATH": "1",
    }
