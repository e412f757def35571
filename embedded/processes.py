"""What the embedded AWS's processes share: sockets, environment, waiting for an answer."""

from __future__ import annotations

import errno
import gc
import http.client
import os
import random
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.errors import LayerError
from embedded.leash import Child

LOOPBACK = "127.0.0.1"

PATIENCE = 120.0
"""Seconds that a process may take to answer: many, because the machine may be busy with others."""

NETWORK = (
    # What a machine may need to reach package indexes: proxies, certificates, index settings.
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
    "NETRC",
)
BASICS = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONDONTWRITEBYTECODE", *NETWORK)


def collect_seldom() -> None:
    """Let the garbage collector pass over what is there now, and look at the rest less often.

    A server has read megabytes of descriptions that stay; looking through them again and again
    takes a sixth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)  # 700, 10, 10 is Python's own


def bind() -> socket.socket:
    """Return a socket that owns a free port on loopback; hand it down rather than its number.

    It is none that the system gives to those who ask for any, to connect or to listen, so that
    nobody has it when it is bound again (:func:`rebind`).
    """
    listener = socket.socket()
    for port in (*_unasked(), 0):
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port == 0:
                listener.close()
                raise
        else:
            break
    # Accepted connections inherit it: else those whose client is slow to close keep rebind() out.
    # After bind(), so that the port is one that is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return listener


def _unasked() -> Sequence[int]:
    """Return a few ports, in a random order, that the system gives to nobody who names none."""
    try:
        # The first of the two numbers in it: ip(7).
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return ()
    ports = range(10_000, lowest)
    return random.sample(ports, min(50, len(ports)))


def rebind(port: int) -> socket.socket:
    """Return a socket on a port that an ended process of ours had."""
    listener = socket.socket()
    # Its connections may still be in TIME_WAIT.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    return listener


def base_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what our processes get of the user's environment: no AWS settings of theirs."""
    kept = {name: environment[name] for name in BASICS if name in environment}
    return {**kept, **no_proxy(environment)}


def no_proxy(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that keep calls to loopback away from the user's proxy."""
    exempt = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [host for host in exempt.split(",") if host and host not in (LOOPBACK, "localhost")]
    value = ",".join([*hosts, LOOPBACK, "localhost"])
    return {"NO_PROXY": value, "no_proxy": value}


def wait_until_healthy(name: str, child: Child, port: int, path: str, log: Path) -> None:
    """Wait until a process answers; raise LayerError with the end of its log when it does not."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and child.poll() is None:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    tail = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
    ended = child.poll()
    silent = f"did not answer within {PATIENCE:.0f} s"
    what = silent if ended is None else f"ended with status {ended}"
    raise LayerError(
        f"the embedded AWS cannot start: {name} {what}",
        where=f"port {port}, log {log}",
        expected="\n".join(["an answer; the log ends:", *tail]),
        fix="see the log; if a package is missing, remove .venv, and make installs all anew",
    )
