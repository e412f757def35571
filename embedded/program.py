"""Which terraform runs: Terraform or OpenTofu, by name or by path.

Source: Terraform's and OpenTofu's documentation of the command ``version``, whose first line is
``Terraform v1.11.4`` or ``OpenTofu v1.9.0``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from builder.errors import LayerError

VARIABLE = "TERRAFORM"
"""Environment variable: the program's name on the PATH, or its path; ``terraform`` without it."""

OLDEST = (1, 4)
"""terraform_data, which the constructs use, came with Terraform 1.4."""

_SOON = 60.0
"""Seconds that a program may take to say its version."""

_SAID = re.compile(r"(Terraform|OpenTofu) v(\d+\.\d+\S*)")
_REGISTRIES = {"Terraform": "registry.terraform.io", "OpenTofu": "registry.opentofu.org"}
_INSTALL = f"install one (developer.hashicorp.com/terraform/install), or name another by {VARIABLE}"


class TerraformError(LayerError):
    """Terraform is missing, too old, or ended with an error."""


@dataclass(frozen=True)
class Program:
    """A terraform on this machine."""

    path: Path
    product: str
    version: str

    @property
    def registry(self) -> str:
        """The host that ``hashicorp/aws`` means to it."""
        return _REGISTRIES[self.product]

    def __str__(self) -> str:
        return f"{self.product} {self.version} ({self.path})"


def find(environment: Mapping[str, str] = os.environ) -> Program:
    """Return the terraform to run; raise TerraformError when there is none, or an old one."""
    wanted = environment.get(VARIABLE) or "terraform"
    found = shutil.which(Path(wanted).expanduser(), path=environment.get("PATH"))
    if not found:
        raise TerraformError(
            f"the program {wanted} was not found",
            where=f"the environment variable {VARIABLE}"
            if environment.get(VARIABLE)
            else "the folders of PATH",
            expected=f"Terraform or OpenTofu, {'.'.join(map(str, OLDEST))} or newer",
            fix=_INSTALL,
        )
    path = Path(found).absolute()
    search = environment.get("PATH", os.defpath)
    program = _identified(str(path), search, path.stat().st_mtime_ns)
    if tuple(int(part) for part in program.version.split(".")[:2]) < OLDEST:
        raise TerraformError(
            f"{program.product} {program.version} is too old",
            where=found,
            expected=f"{'.'.join(map(str, OLDEST))} or newer, for terraform_data",
            fix=_INSTALL,
        )
    return program


@cache
def _identified(path: str, search: str, _changed: int) -> Program:
    # A program may be a script that needs the PATH.
    environment = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "PATH": search}
    try:
        done = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=_SOON,
        )
        said, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        said, errors = "", f"no answer within {_SOON:.0f} s"
    found = _SAID.match(said)
    if found is None:
        raise TerraformError(
            "the program does not say its version",
            where=f"{path} version\n{(errors or said).strip()[:500]}",
            expected="the terraform of HashiCorp, or OpenTofu's tofu",
            fix=f"check what `{path} version` says",
        )
    return Program(Path(path), found[1], found[2])
