"""Runs the real terraform binary, with the providers that this machine can get.

Sources: Terraform's documentation of its CLI configuration, environment variables, ``-json``
output and remote service discovery.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from embedded import leash
from embedded.program import TerraformError, find
from embedded.standins import mirror
from embedded.standins.bindings import default_cache
from embedded.standins.catalog import PROVIDERS
from embedded.standins.reattach import reattached

CHOICE = "LAYER_PROVIDERS"
"""Environment variable: ``registry`` or ``stand-ins`` instead of looking which can be had."""

Choice = Literal["registry", "stand-ins"]
Listener = Callable[[str], None]

LONGEST = 3600.0
"""Seconds that a command may take: a build may take long, and nothing takes for ever."""

_PATIENCE = 3.0
"""Seconds that the registry has to answer."""

_SOON = 60.0
"""Seconds for what takes a moment on a machine that is not busy."""

_FOREIGN = re.compile(r"TF_(CLI_ARGS.*|CLI_CONFIG_FILE|DATA_DIR|PLUGIN_CACHE_DIR|WORKSPACE)")
"""Settings of the user's that would change what our commands do."""


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


class Terraform:
    """Terraform in one folder.

    ``environment`` is the complete environment of the commands (credentials, ``TF_VAR_...``; with
    what :func:`embedded.standins.reattach.reattached` gives, the stand-ins that stay up).
    ``home`` is a folder of ours for the CLI configuration and the stand-ins' mirror. ``providers``
    says where providers come from; None looks at LAYER_PROVIDERS, and then at the network.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        home: Path,
        *,
        providers: Choice | None = None,
        schemas: Path | None = None,
        color: bool = False,
    ) -> None:
        self.folder = folder
        self.program = find(environment)
        self.providers: Choice = providers or choose(environment, self.program.registry)
        self._asked = bool(providers or environment.get(CHOICE))
        home.mkdir(parents=True, exist_ok=True)
        self._schemas = schemas or default_cache()
        self.environment = {
            **{name: value for name, value in environment.items() if not _FOREIGN.fullmatch(name)},
            "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(self._configuration(home, self._schemas, environment)),
            "TF_INPUT": "0",
            "TF_IN_AUTOMATION": "1",
        }
        if self.providers == "registry":
            self.environment |= own_proxy(environment)
        if not color:
            self.environment["TF_CLI_ARGS"] = "-no-color"

    def _configuration(self, home: Path, schemas: Path, environment: Mapping[str, str]) -> Path:
        if self.providers == "stand-ins":
            python = environment.get(mirror.INTERPRETER)
            return mirror.lay_out(home, schemas, Path(python) if python else None)
        empty = home.resolve() / "registry.rc"
        empty.write_text("disable_checkpoint = true\n")
        return empty

    @contextlib.contextmanager
    def standins_stay_up(self) -> Iterator[None]:
        """Start the stand-ins once for all commands of the block, if it is they that run.

        Each command would start either of them several times. ``init`` belongs before the block:
        inside of it, it writes no lock file (embedded/standins/reattach.py).
        """
        if self.providers == "registry":
            yield
            return
        alone = self.environment
        with reattached(self._schemas, cwd=self.folder, env=alone) as where:
            self.environment = {**alone, **where}
            try:
                yield
            finally:
                self.environment = alone

    @property
    def used_line(self) -> str:
        """Say which terraform and which providers run; after ``init``, with what it chose."""
        names = " and ".join(f"hashicorp/{name} {v}" for name, v in self.provider_versions.items())
        if self.providers == "registry":
            return f"{self.program}; providers: {names} from {self.program.registry}"
        why = "as asked" if self._asked else f"{self.program.registry} cannot be reached"
        return f"{self.program}; providers: stand-ins for {names} ({why})"

    @property
    def provider_versions(self) -> dict[str, str]:
        """The providers' versions by name: those installed in the folder, else the stand-ins'."""
        expected = "of the range" if self.providers == "registry" else ""
        versions = {provider.name: expected or provider.version for provider in PROVIDERS}
        installed = self._json("version", "-json").get("provider_selections", {})
        chosen = {address.rpartition("/")[2]: version for address, version in installed.items()}
        return {name: chosen.get(name, version) for name, version in versions.items()}

    def run(
        self,
        *arguments: str,
        check: bool = True,
        stream: Listener | None = None,
        timeout: float = LONGEST,
    ) -> Result:
        """Run a command to its end; ``stream`` gets each line as it comes.

        Raise TerraformError when it ends with an error, unless ``check`` is false, or not within
        ``timeout`` seconds. ``plan -detailed-exitcode`` ends with 2 when there are changes, which
        is none. An interrupt (Ctrl-C) is passed on, so that terraform can end in order, and raised
        when it has.
        """
        with self.start(*arguments, stream=stream) as running:
            try:
                result = running.wait(timeout)
            except subprocess.TimeoutExpired as error:
                raise TerraformError(
                    f"terraform {arguments[0]} did not end within {timeout:.0f} seconds",
                    where=f"{self.folder}\n{running.output().strip()}",
                    fix="see what it waits for; what it started is ended now",
                ) from error
            except KeyboardInterrupt:
                running.signal(signal.SIGINT)
                running.wait(timeout)
                raise
        expected = (0, 2) if "-detailed-exitcode" in arguments else (0,)
        if check and result.exit_code not in expected:
            raise TerraformError(
                f"terraform {arguments[0]} failed with exit status {result.exit_code}",
                where=f"{self.folder}\n{result.stderr.strip() or result.stdout.strip()}",
                fix="correct what terraform names above and run the command again",
            )
        return result

    def start(self, *arguments: str, stream: Listener | None = None) -> Running:
        """Start a command; it ends at the latest when the returned context does."""
        return Running([str(self.program.path), *arguments], self.folder, self.environment, stream)

    def plan_json(self, plan: Path | str) -> dict[str, Any]:
        """Return a saved plan as ``terraform show -json`` does."""
        return self._json("show", "-json", str(plan))

    def state(self) -> dict[str, Any]:
        """Return the state as ``terraform show -json`` does."""
        return self._json("show", "-json")

    def outputs(self) -> dict[str, Any]:
        """Return the values of the outputs in the state, by name."""
        found = self.state().get("values", {}).get("outputs", {})
        return {name: output.get("value") for name, output in found.items()}

    def _json(self, *arguments: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run(*arguments).stdout)
        return document


class Running:
    """A terraform command that was started; as a context manager it is ended with the block."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        environment: Mapping[str, str],
        stream: Listener | None,
    ) -> None:
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._stream = stream
        self._lock = threading.Lock()
        pipes = {name: os.pipe() for name in self._lines}
        try:
            self.child = leash.start(
                command,
                env=environment,
                cwd=folder,
                output=pipes["stdout"][1],
                errors=pipes["stderr"][1],
                grace=10,  # terraform writes its state when it is asked to end
            )
        except BaseException:
            for reading, _ in pipes.values():
                os.close(reading)
            raise
        finally:
            for _, writing in pipes.values():
                os.close(writing)
        self._readers = [
            threading.Thread(
                target=self._read, args=(name, os.fdopen(reading, errors="replace")), daemon=True
            )
            for name, (reading, _) in pipes.items()
        ]
        for reader in self._readers:
            reader.start()

    def signal(self, number: signal.Signals) -> None:
        """Send terraform a signal; it passes an interrupt on to its providers."""
        if self.child.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended; cleaning up goes on
                os.kill(self.child.pid, number)

    def wait(self, timeout: float) -> Result:
        """Wait for the end; raise subprocess.TimeoutExpired."""
        code = self.child.wait(timeout)
        for reader in self._readers:
            reader.join(_SOON)
        return Result(code, "".join(self._lines["stdout"]), "".join(self._lines["stderr"]))

    def output(self) -> str:
        """Return what terraform has said so far."""
        with self._lock:
            return "".join((*self._lines["stdout"], *self._lines["stderr"]))

    def _read(self, name: str, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                with self._lock:
                    self._lines[name].append(line)
                    if self._stream:
                        self._stream(line.rstrip("\n"))

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.child.stop()
        for reader in self._readers:
            reader.join(_SOON)


def own_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what lets hashicorp/aws find S3 Control on an AWS on loopback.

    From 6.23.0 on it reads and writes tags of buckets by S3 Control, and the SDK puts the account
    before the endpoint's host: no resolver knows 123456789012.127.0.0.1. An AWS that is also the
    proxy for HTTP gets such requests whatever their host (embedded/ministack/gateway.py). Go's
    client goes to 127.0.0.1 and localhost without a proxy, so nothing else changes its way;
    HTTPS, the registry's, has a variable of its own.
    """
    url = environment.get("AWS_ENDPOINT_URL_S3_CONTROL") or environment.get("AWS_ENDPOINT_URL", "")
    place = urlsplit(url)
    if place.scheme != "http" or place.hostname not in ("127.0.0.1", "::1"):
        return {}
    return {"HTTP_PROXY": url, "http_proxy": url}


def choose(
    environment: Mapping[str, str] = os.environ, registry: str = "registry.terraform.io"
) -> Choice:
    """Return where providers come from: LAYER_PROVIDERS says, or else the network."""
    forced = environment.get(CHOICE)
    if forced == "registry":
        return "registry"
    if forced == "stand-ins":
        return "stand-ins"
    if forced:
        raise TerraformError(
            f"{forced!r} is no source of providers",
            where=f"the environment variable {CHOICE}",
            expected="registry or stand-ins",
            fix=f"set {CHOICE} to one of them, or unset it",
        )
    return "registry" if registry_answers(registry) else "stand-ins"


@cache
def registry_answers(registry: str, patience: float = _PATIENCE) -> bool:
    """Return whether a registry's discovery document can be fetched."""
    try:
        url = f"https://{registry}/.well-known/terraform.json"
        with urllib.request.urlopen(url, timeout=patience) as answer:
            return "providers.v1" in json.load(answer)
    except (OSError, ValueError):
        return False
