"""The doctor on this machine: the programs that are needed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from builder import __version__
from builder.operations.doctor.findings import OK, PROBLEM, WARNING, Finding

PROGRAM = "lambda-layer"
TERRAFORM = (1, 4)
"""terraform_data, which retires layers, is there since this version (Terraform 1.4 changelog)."""

NODE = (18, 0)
"""What cdktf 0.21 and its jsii need; only synthesis runs it."""

SECONDS = 30.0


def examine_machine() -> Iterator[Finding]:
    """Yield what was found on this machine."""
    yield _program()
    yield _terraform()
    yield _node()


def _program() -> Finding:
    found = shutil.which(PROGRAM)
    if found is None:
        return Finding(
            PROGRAM,
            PROBLEM,
            "it is not on the PATH, where Terraform's hooks look for it",
            "activate the environment that has it, for example: . .venv/bin/activate",
        )
    said = _said([found, "--version"])
    if __version__ not in said:
        return Finding(
            PROGRAM,
            WARNING,
            f"{found} is another version ({said.strip() or 'it does not answer'}) than this one, "
            f"{__version__}",
            "put this one first on the PATH: Terraform's hooks run that one",
        )
    return Finding(PROGRAM, OK, f"{found}, version {__version__}")


def _terraform() -> Finding:
    install = "install Terraform 1.4 or newer: developer.hashicorp.com/terraform/install"
    found = shutil.which("terraform")
    if found is None:
        return Finding("terraform", PROBLEM, "it is not on the PATH", install)
    try:
        version = str(json.loads(_said([found, "version", "-json"]))["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return Finding("terraform", WARNING, f"{found} does not say its version", install)
    return _versioned("terraform", found, version, TERRAFORM, PROBLEM, install)


def _node() -> Finding:
    install = "install Node 18 or newer; only `python main.py` and cdktf need it"
    found = shutil.which("node")
    if found is None:
        return Finding("node", WARNING, "it is not on the PATH", install)
    return _versioned("node", found, _said([found, "--version"]).strip(), NODE, WARNING, install)


def _versioned(
    subject: str, path: str, version: str, least: tuple[int, int], verdict: str, fix: str
) -> Finding:
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    if numbers is None:
        return Finding(subject, WARNING, f"{path} does not say its version", fix)
    if (int(numbers[1]), int(numbers[2])) < least:
        return Finding(subject, verdict, f"{path} is version {version.removeprefix('v')}", fix)
    return Finding(subject, OK, f"{path}, version {version.removeprefix('v')}")


def _said(command: Sequence[str]) -> str:
    # Terraform asks its makers for news unless it is set not to (Terraform docs, "Upgrade checks").
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
