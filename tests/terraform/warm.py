"""`lambda-layer` and the stand-in providers as forks of a process that has imported them.

Most of the time of a hook, and of a provider that terraform starts, goes into importing boto3 and
into reading what services can do, and a run of these tests has thousands of them. The fork is a
process of its own, with the descriptors, the environment, the folder and the umask of its caller,
and ends with it. What the programs do before they are imported is not seen here:
tests/embedded/standins starts the stand-ins themselves, and `lambda-layer` as it was installed is
run by test_deploy.py, test_cdktf_cli.py and test_quick_starts.py.
"""

from __future__ import annotations

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
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import boto3

from builder import cli
from embedded import leash
from embedded.processes import collect_seldom
from embedded.standins import __main__ as standins
from embedded.standins.mirror import INTERPRETER
from tests.models import models_parsed_once
from tests.patience import PATIENCE, wait_until

SERVICES = ("s3", "codebuild", "lambda", "logs", "ssm", "sts")

COMMAND, STANDIN = "lambda-layer", "standin"
"""The programs in the folder; the second takes the arguments of the Python that it replaces."""

CLIENT = """#!/bin/sh
'''exec' {python} -IS "$0" "$@" # '''
import json, os, signal, socket, struct, sys
if {ignores_interrupts}:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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


@dataclass(frozen=True)
class Warm:
    """Variables for the environment of an :class:`embedded.terraform.Terraform`."""

    command: Mapping[str, str]
    standins: Mapping[str, str]


@contextmanager
def warm_programs(env: Mapping[str, str]) -> Iterator[Warm]:
    """Keep the programs warm; give the variables that let them be found."""
    if not hasattr(os, "pidfd_open"):  # Linux 5.3
        yield Warm({}, {})
        return
    # The path of a socket is no longer than about 100 characters, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="warm-") as made:
        folder = Path(made)
        address, log, programs = folder / "s", folder / "log", folder / "bin"
        server = [sys.executable, "-m", "tests.terraform.warm", str(address)]
        with leash.start(server, env=env, cwd=Path(__file__).parents[2], output=log) as child:
            wait_until(lambda: address.exists() or child.poll() is not None, "the warm programs")
            assert child.poll() is None, log.read_text()
            programs.mkdir()
            for name in (COMMAND, STANDIN):
                _write_client(programs / name, address)
            path = f"{programs}{os.pathsep}{env['PATH']}"
            yield Warm({"PATH": path}, {INTERPRETER: str(programs / STANDIN)})


def _write_client(program: Path, address: Path) -> None:
    text = CLIENT.format(
        python=quote(sys.executable),
        address=str(address),
        # Of a provider that is terraform's to handle (embedded/standins/plugin.py).
        ignores_interrupts=program.name == STANDIN,
    )
    program.write_text(text)
    program.chmod(0o755)


def serve(address: str) -> None:
    """Answer callers, each in a fork of its own, until this process is ended.

    The file ``server`` beside the address has the id of this process before anybody can call.
    """
    _import_all("builder")
    _import_all("embedded.standins")
    for service in SERVICES:
        boto3.client(service, region_name="eu-central-1")  # type: ignore[call-overload] # by name
    # What was allocated so far is not touched again, and stays shared with the forks.
    collect_seldom()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    Path(address).with_name("server").write_text(str(os.getpid()))
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
    """Run one program in a fork, which ends when its caller ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    caller.settimeout(PATIENCE)
    header, descriptors, _, _ = socket.recv_fds(caller, 4, 3)
    text = _whole(caller, header)
    if text is None:
        os._exit(0)  # the caller ended before it had said what it wants
    request = json.loads(text)
    command = os.fork()
    if command == 0:
        caller.close()
        _become(request, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(command)
    ready, _, _ = select.select([ended, caller.fileno()], [], [])
    if ended not in ready:
        if _is_standin(request):
            os._exit(0)  # it sees that its parent has ended, as it would see terraform's end
        os.kill(command, signal.SIGKILL)
    _, status = os.waitpid(command, 0)
    code = os.waitstatus_to_exitcode(status)
    if ended in ready:
        caller.sendall(struct.pack("!I", code if code >= 0 else 128 - code))
    os._exit(0)


def _whole(caller: socket.socket, header: bytes) -> bytes | None:
    """Return what a caller asks for, or None if it ends within."""
    if len(header) < 4:
        return None
    size, text = struct.unpack("!I", header)[0], b""
    while len(text) < size:
        more = caller.recv(size - len(text))
        if not more:
            return None
        text += more
    return text


def _is_standin(request: dict[str, Any]) -> bool:
    return Path(request["argv"][0]).name == STANDIN


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Be the program."""
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
        if _is_standin(request):
            sys.argv = sys.argv[sys.argv.index("-m") + 1 :]
            standins.run()
        else:
            cli.main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    with models_parsed_once():
        serve(sys.argv[1])
