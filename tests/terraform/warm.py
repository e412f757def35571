"""The command `lambda-layer` in a process that has imported it: a fork of one that stays up.

Most of the time of a hook goes into importing boto3 and into reading what services can do, and a
run of these tests has a thousand hooks. The fork is a process of its own, with the descriptors, the
environment, the folder and the umask of its caller, and ends with it. What the command does before
it is imported is not seen here: stacks whose providers do not stay up (``make(reattach=False)``)
run the installed command.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import boto3

from embedded import leash
from tests.models import models_parsed_once
from tests.patience import PATIENCE, wait_until

SERVICES = ("s3", "codebuild", "lambda", "logs", "sts")

CLIENT = """#!/bin/sh
'''exec' {python} -IS "$0" "$@" # '''
import json, os, socket, struct, sys
mask = os.umask(0)
os.umask(mask)
request = {{"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd(), "umask": mask}}
text = json.dumps(request).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [struct.pack("!I", len(text))], [0, 1, 2])
    server.sendall(text)
    answer = server.recv(4)
os._exit(struct.unpack("!I", answer)[0] if len(answer) == 4 else 70)
"""


@contextmanager
def warm_command(env: Mapping[str, str]) -> Iterator[Path]:
    """Keep the command warm; give the folder to put before the others of PATH."""
    if not hasattr(os, "pidfd_open"):  # Linux 5.3
        yield Path(sys.executable).parent
        return
    # The path of a socket is no longer than about 100 characters, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="warm-") as made:
        folder = Path(made)
        address, log, program = folder / "s", folder / "log", folder / "bin" / "lambda-layer"
        server = [sys.executable, "-m", "tests.terraform.warm", str(address)]
        with leash.start(server, env=env, cwd=Path(__file__).parents[2], output=log) as child:
            wait_until(lambda: address.exists() or child.poll() is not None, "the warm command")
            assert child.poll() is None, log.read_text()
            program.parent.mkdir()
            program.write_text(CLIENT.format(python=quote(sys.executable), address=str(address)))
            program.chmod(0o755)
            yield program.parent


def serve(address: str) -> None:
    """Answer callers, each in a fork of its own, until this process is ended."""
    _import_all("builder")
    for service in SERVICES:
        boto3.client(service, region_name="eu-central-1")  # type: ignore[call-overload] # by name
    # What was allocated so far is not touched again, and stays shared with the forks.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address + ".new")
        listener.listen(64)
        Path(address + ".new").rename(address)
        while True:
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _attend(caller)
            caller.close()


def _import_all(package: str) -> None:
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not found.name.startswith(f"{package}.worker"):
            importlib.import_module(found.name)


def _attend(caller: socket.socket) -> None:
    """Run one command in a fork, and end it when its caller ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    caller.settimeout(PATIENCE)
    header, descriptors, _, _ = socket.recv_fds(caller, 4, 3)
    size = struct.unpack("!I", header)[0]
    text = b""
    while len(text) < size:
        text += caller.recv(size - len(text))
    command = os.fork()
    if command == 0:
        caller.close()
        _become(json.loads(text), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(command)
    ready, _, _ = select.select([ended, caller.fileno()], [], [])
    if ended not in ready:
        os.kill(command, signal.SIGKILL)
    _, status = os.waitpid(command, 0)
    code = os.waitstatus_to_exitcode(status)
    if ended in ready:
        caller.sendall(struct.pack("!I", code if code >= 0 else 128 - code))
    os._exit(0)


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Be the command."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["env"])
    os.umask(request["umask"])
    os.chdir(request["cwd"])
    sys.argv = request["argv"]
    code: object = 1
    try:
        importlib.import_module("builder.cli").main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    with models_parsed_once():
        serve(sys.argv[1])
