"""The warm programs end with their callers, also with one that ends before it has said all."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.terraform.warm import Warm

WHOLE = struct.pack("!I", 1000)
"""What a caller says of the length of its request."""


@pytest.mark.parametrize("said", [b"", WHOLE[:2], WHOLE, WHOLE + b'{"argv": ["standin"'])
def test_a_fork_whose_caller_ends_within_its_request_ends(warm: Warm, said: bytes) -> None:
    if not warm.command:
        pytest.skip("this system has no pidfd_open, and nothing is warm")
    address = Path(warm.command["PATH"].split(os.pathsep)[0]).with_name("s")
    server = int(address.with_name("server").read_text())
    before = _forks(server)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(address))
        wait_until(lambda: _forks(server) - before, "the fork for this caller")
        fork = _forks(server) - before
        caller.sendall(said)
    wait_until(lambda: not fork & _forks(server), "the end of the fork")


def _forks(server: int) -> set[str]:
    return set(Path(f"/proc/{server}/task/{server}/children").read_text().split())
