"""Terraform or OpenTofu on a synthesized folder: init, plan, apply, outputs.

Sources: Terraform's documentation of its commands, "Machine-Readable UI" (``-json``), "JSON Output
Format" (``show -json``) and "Environment Variables"; OpenTofu has the same.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.errors import LayerError
from builder.signals import ended_in_order

PROGRAMS = ("terraform", "tofu")
VARIABLE = "TERRAFORM"
"""The environment variable that names another program."""

LONGEST = 8 * 3600.0
"""Seconds that a command may take: CodeBuild's longest build, which an apply waits for."""

GRACE = 120.0
"""Seconds that an interrupted command has to write its state."""

SAID = ("apply_start", "apply_complete", "apply_errored", "provision_errored")
"""Messages of ``-json`` that are worth a line."""

HOOK_ERROR = re.compile(r"^ERROR: (.+?)(?:\nState: exit status \d+)?\Z", re.MULTILINE | re.DOTALL)
"""A hook's own error in a diagnostic of hashicorp/external, behind the hook's progress."""

MORE = "ERROR: "
"""What the second and later errors of a command begin with."""

FIXED = {"TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Changes:
    """What a plan would do: addresses of resources, by what happens to them, and outputs.

    ``layers`` has what the plan hook answered of each layer (docs/protocol.md); it is empty where
    Terraform puts the hook off until the apply.
    """

    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.remove or self.outputs)

    def counts(self) -> dict[str, int]:
        """Return how many there are of each."""
        return {"add": len(self.add), "change": len(self.change), "remove": len(self.remove)}


def find_program(environment: Mapping[str, str]) -> str:
    """Return the program: what TERRAFORM names, else terraform, else tofu.

    Raise LayerError when there is none.
    """
    wanted = environment.get(VARIABLE)
    for name in (wanted,) if wanted else PROGRAMS:
        found = shutil.which(name, path=environment.get("PATH"))
        if found is not None:
            return found
    raise LayerError(
        f"{wanted} is not on the PATH" if wanted else "neither terraform nor tofu is on the PATH",
        where=f"the environment variable {VARIABLE}" if wanted else "PATH",
        expected="Terraform 1.4 or newer, or OpenTofu",
        fix="install one of them: developer.hashicorp.com/terraform/install, "
        "opentofu.org/docs/intro/install",
    )


@dataclass
class Terraform:
    """The program in one folder; ``say`` gets a line for what happens.

    ``variables`` are Terraform variables; empty ones are left to their defaults.
    """

    folder: Path
    program: str
    environment: Mapping[str, str]
    say: Listener
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the program is called."""
        return Path(self.program).name

    def init(self) -> None:
        """Initialize the folder; raise LayerError with what the program said."""
        done = self._run("init", "-no-color", quiet=True)
        if done.code != 0:
            raise self._failed("init", done)

    def workspace(self) -> str:
        """Return the workspace that is selected; raise LayerError when it is not said."""
        done = self._run("workspace", "show", quiet=True)
        if done.code != 0:
            raise self._failed("workspace show", done)
        return done.output.strip()

    def plan(self, file: Path) -> Changes:
        """Plan into a file; raise LayerError when that fails."""
        given = [f"-var={name}={value}" for name, value in self.variables.items() if value]
        done = self._run("plan", "-json", f"-out={file}", *given)
        if done.code != 0:
            raise self._failed("plan", done)
        shown = self._run("show", "-json", str(file), quiet=True)
        if shown.code != 0:
            raise self._failed("show", shown)
        return _changes(json.loads(shown.output))

    def apply(self, file: Path) -> None:
        """Apply a plan; raise LayerError when that fails."""
        done = self._run("apply", "-json", str(file))
        if done.code != 0:
            raise self._failed("apply", done)

    def outputs(self) -> dict[str, Any]:
        """Return the values of the outputs in the state, by name."""
        done = self._run("output", "-json", quiet=True)
        if done.code != 0:
            raise self._failed("output", done)
        return {name: found["value"] for name, found in json.loads(done.output or "{}").items()}

    def _failed(self, command: str, done: _Done) -> LayerError:
        found = done.diagnostics or [done.errors.strip() or done.output.strip()]
        return LayerError(
            f"{self.name} {command} failed: " + f"\n{MORE}".join(found),
            where=str(self.folder),
            fix="correct what is named, then run the command again: it goes on where this ended",
        )

    def _run(self, *arguments: str, quiet: bool = False) -> _Done:
        """Run a command to its end; an interrupt is passed on, so that it ends in order."""
        done = _Done()
        with subprocess.Popen(
            [self.program, *arguments],
            cwd=self.folder,
            env={**self.environment, **FIXED},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C reaches it from here, once: at the second one it would not write its state.
            start_new_session=True,
        ) as process:
            readers = [
                threading.Thread(target=reads, daemon=True)
                for reads in (
                    lambda: self._listen(process.stdout, done, quiet=quiet),
                    lambda: done.err.extend(process.stderr or ()),
                )
            ]
            for reader in readers:
                reader.start()
            with ended_in_order():
                try:
                    done.code = process.wait(LONGEST)
                except BaseException:
                    process.send_signal(signal.SIGINT)
                    with contextlib.suppress(OSError):  # at SIGHUP the terminal may be gone
                        self.say(f"waiting for {self.name} to end in order; again: at once")
                    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                        process.wait(GRACE)
                    process.kill()
                    raise
            for reader in readers:
                reader.join(GRACE)
        return done

    def _listen(self, lines: Iterable[str] | None, done: _Done, *, quiet: bool) -> None:
        for line in lines or ():
            done.out.append(line)
            if quiet:
                continue
            message = _message(line)
            if message.get("type") in SAID:
                self.say(str(message.get("@message", "")))
            found = message.get("diagnostic")
            if isinstance(found, dict) and found.get("severity") == "error":
                done.diagnostics.append(_diagnostic(found))


@dataclass
class _Done:
    """How a command ended."""

    code: int = 0
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    diagnostics: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.out)

    @property
    def errors(self) -> str:
        return "".join(self.err)


@contextlib.contextmanager
def plan_file() -> Iterator[Path]:
    """Give the path of a plan, which holds values that are nobody else's business."""
    with tempfile.TemporaryDirectory(prefix="lambda-layer-") as folder:
        yield Path(folder) / "plan"


def _message(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _diagnostic(found: Mapping[str, Any]) -> str:
    own = HOOK_ERROR.search(str(found.get("detail", "")).rstrip())
    if own:
        return own[1].rstrip()
    address = f"{found['address']}: " if found.get("address") else ""
    return f"{address}{found.get('summary', '')}\n{found.get('detail', '')}".strip()


def _changes(plan: Mapping[str, Any]) -> Changes:
    found: dict[str, list[str]] = {"add": [], "change": [], "remove": []}
    for resource in plan.get("resource_changes", []):
        actions = resource["change"]["actions"]
        if "create" in actions:
            found["add"].append(resource["address"])
        if "delete" in actions:
            found["remove"].append(resource["address"])
        if "update" in actions:
            found["change"].append(resource["address"])
    outputs = plan.get("output_changes", {}).items()
    changed = [name for name, change in outputs if change["actions"] != ["no-op"]]
    return Changes(
        **{what: tuple(which) for what, which in found.items()},
        outputs=tuple(changed),
        layers=_answers(plan),
    )


def _answers(plan: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return what the plan hook answered; what a plan reads is in its prior state."""
    prior = plan.get("prior_state", {}).get("values", {}).get("root_module", {})
    for resource in prior.get("resources", []):
        values = resource.get("values", {})
        is_hook = (values.get("program") or [])[-2:] == ["hook", "plan"]
        if resource.get("type") == "external" and is_hook:
            return {name: json.loads(answer) for name, answer in values["result"].items()}
    return {}
