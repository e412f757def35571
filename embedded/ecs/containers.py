"""Containers as processes: the part of Docker's Python API that ministack's ECS uses.

ministack runs tasks with Docker. With this in its place it does everything else as it is: states of
tasks, exit codes, logs, the metadata endpoint, who may do what.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded import leash
from embedded.ecs import pulled
from embedded.processes import LOOPBACK, base_environment

NETWORK = "awsvpc"
POLL = 0.1
"""Seconds between two looks at a process or its output."""

VOLUMES = "volumes"
"""What is deleted with a container, in its folder."""

DEFAULT_STOP = 30.0
"""Seconds between SIGTERM and SIGKILL (ECS API reference, ContainerDefinition, stopTimeout)."""


class Container:
    """A container's process, with an address of its own on loopback."""

    def __init__(self, name: str, folder: Path, address: str, labels: Mapping[str, str]) -> None:
        self.id = uuid.uuid4().hex * 2
        self.name = name
        self.folder = folder
        self.labels = dict(labels)
        self.stop_timeout = DEFAULT_STOP
        network = {NETWORK: {"IPAddress": address}}
        self.attrs: dict[str, Any] = {"NetworkSettings": {"Networks": network}}
        self._log = folder / "output.log"
        self._child: leash.Child | None = None

    @property
    def address(self) -> str:
        """The address that is the container's alone."""
        return str(self.attrs["NetworkSettings"]["Networks"][NETWORK]["IPAddress"])

    @property
    def status(self) -> str:
        """``running`` or ``exited``, as Docker says it."""
        return "running" if self._child is not None and self._child.poll() is None else "exited"

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the process; raise OSError when the program is not there."""
        program = shutil.which(words[0], path=environment["PATH"])
        if program is None:
            raise FileNotFoundError(2, "exec: executable file not found in $PATH", words[0])
        self._child = leash.start(
            [program, *words[1:]],
            env=environment,
            cwd=self.folder,
            output=self._log,
        )

    def reload(self) -> None:
        """Do nothing: what is asked of a container is looked up then."""

    def wait(self) -> dict[str, int]:
        """Return the exit code of a container that has ended."""
        assert self._child is not None
        return {"StatusCode": self._child.wait(POLL)}

    def stop(self, timeout: float | None = None) -> None:
        """End the process: SIGTERM, and SIGKILL after the container's own stop time-out.

        ministack names 5 seconds, whatever the task definition says; that is not used.
        """
        if self._child is None:
            return
        # The first program alone gets SIGTERM; it tells its children as it likes.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(self.stop_timeout)
        self._child.stop()

    def kill(self) -> None:
        """Kill the process at once, as the end of a host does."""
        if self._child is not None and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def remove(self, **_: Any) -> None:
        """Delete what the container wrote, but for its output."""
        self.stop()
        shutil.rmtree(self.folder / VOLUMES, ignore_errors=True)

    def logs(self, **_: Any) -> Iterator[bytes]:
        """Yield the lines of the output, until the end of the process."""
        while not self._log.exists() and self.status == "running":
            threading.Event().wait(POLL)
        with self._log.open("rb") as output:
            rest = b""
            while True:
                is_over = self.status != "running"
                rest += output.read()
                *lines, rest = rest.split(b"\n")
                yield from lines
                if is_over:
                    break
                threading.Event().wait(POLL)
            if rest:
                yield rest


class Containers:
    """What ministack calls ``docker.containers``.

    ``prepare`` adds to a container's environment what only ECS knows, before it starts.
    """

    def __init__(
        self,
        state: Path,
        region: str,
        gateway: str,
        prepare: Callable[[Container, dict[str, str]], Mapping[str, Any]],
    ) -> None:
        self.state = state
        self.region = region
        self.gateway = gateway
        self.prepare = prepare
        self._numbers = itertools.cycle(range(2, 255))
        self._network = network_of(urllib.parse.urlsplit(gateway).port or 0)
        self._known: dict[str, Container] = {}

    def get(self, name: str) -> Container:
        """Return a container by its id; any other name is ministack's own.

        ministack asks for itself, to learn by which address containers reach it.
        """
        if name in self._known:
            return self._known[name]
        return Container("ministack", self.state, LOOPBACK, {})

    def list(self, **_: Any) -> list[Container]:
        """Return the containers that run."""
        return [one for one in self._known.values() if one.status == "running"]

    def run(
        self,
        image: str,
        *,
        name: str,
        environment: Mapping[str, str],
        labels: Mapping[str, str],
        command: Sequence[str] | None = None,
        **_: Any,
    ) -> Container:
        """Start a container; raise ImageMissing, or OSError for a program that is not there."""
        found = pulled.find(self.state / "images", image, self.gateway)
        folder = self.state / "containers" / f"{name}-{uuid.uuid4().hex[:6]}"
        # Below what goes with the container, however it ends.
        temporary = folder / VOLUMES / "tmp"
        temporary.mkdir(parents=True)
        container = Container(name, folder, self._address(), labels)
        own = {**environment, "AWS_ENDPOINT_URL": self.gateway}
        definition = self.prepare(container, own)
        container.stop_timeout = float(definition.get("stopTimeout", DEFAULT_STOP))
        places = _volumes(definition, folder)
        base = base_environment()
        entrypoint = definition.get("entryPoint") or found.entrypoint
        words = [_moved(word, places) for word in (*entrypoint, *(command or ()))]
        container.start(
            words,
            {
                **base,
                "HOME": str(folder),
                "TMPDIR": str(temporary),
                "AWS_REGION": self.region,
                "AWS_DEFAULT_REGION": self.region,
                **found.environment,  # of this machine: a volume at /tmp must not move it
                **{key: _moved(value, places) for key, value in own.items()},
                "PATH": f"{found.programs}:{base.get('PATH', os.defpath)}",
            },
        )
        self._known[container.id] = container
        return container

    def _address(self) -> str:
        return f"{self._network}.{next(self._numbers)}"


class Docker:
    """What ministack takes for Docker's client."""

    def __init__(self, containers: Containers) -> None:
        self.containers = containers


def network_of(port: int) -> str:
    """Return the first three numbers of addresses that no other embedded AWS of this machine has.

    ``port`` is the gateway's: two containers may listen on one port, as they would in a VPC. All of
    127.0.0.0/8 is loopback (RFC 1122, section 3.2.1.3); on Linux without more ado.
    """
    # Ports below 1024 are the system's, so this is never 127.0.0.
    return f"127.{port >> 8}.{port & 255}"


def _volumes(definition: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return a folder for each path at which the container has a volume."""
    places = {}
    for mount in definition.get("mountPoints", ()):
        own = folder / VOLUMES / mount["sourceVolume"]
        own.mkdir(parents=True, exist_ok=True)
        places[mount["containerPath"]] = str(own)
    return places


def _moved(text: str, places: Mapping[str, str]) -> str:
    """Return a word or a value in which a volume's path is its folder on this machine."""
    for path, own in places.items():
        if text == path or text.startswith(f"{path}/"):
            return own + text.removeprefix(path)
    return text
