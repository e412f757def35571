"""A folder from which ``terraform init`` installs the stand-ins instead of asking the registry.

Sources: Terraform's documentation of the CLI configuration file ("Explicit Installation Method
Configuration", "Implied Local Mirror Directories" for the unpacked layout).
"""

from __future__ import annotations

import platform
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from embedded.standins.bindings import provider_schema
from embedded.standins.catalog import PROVIDERS, Provider

INTERPRETER = "LAYER_STANDINS_PYTHON"
"""Environment variable of a :class:`embedded.terraform.Terraform`: what runs the stand-ins."""

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def lay_out(folder: Path, schemas: Path, python: Path | None = None) -> Path:
    """Write the mirror and a CLI configuration that names it; return the configuration's path.

    ``schemas`` is the folder where derived schemas are kept, ``python`` the interpreter that runs
    the providers (the one this runs under, if none is given).
    """
    mirror = folder.resolve() / "mirror"
    for provider in PROVIDERS:
        provider_schema(provider, schemas)  # now, and not in the first command's waiting time
        line = shlex.join(command(provider, schemas, python))
        for address in provider.addresses:
            home = mirror / address / provider.version / host()
            home.mkdir(parents=True, exist_ok=True)
            program = home / f"terraform-provider-{provider.name}_v{provider.version}"
            _write(program, f"#!/bin/sh\nexec {line}\n", 0o755)
    configuration = folder.resolve() / "terraform.rc"
    _write(
        configuration, _configuration(mirror, [a for p in PROVIDERS for a in p.addresses]), 0o644
    )
    return configuration


def command(provider: Provider, schemas: Path, python: Path | None = None) -> list[str]:
    """Return the command that runs a stand-in.

    ``-P``: the folder that terraform runs in must not be searched for Python modules.
    """
    interpreter = str(python or sys.executable)
    schemas = schemas.resolve()
    module = ["-P", "-m", "embedded.standins", provider.name]
    return [interpreter, *module, "--schemas", str(schemas)]


def host() -> str:
    """Return the name that Terraform has for this operating system and architecture."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file in one step: another terraform may be reading it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".new", delete=False) as file:
        file.write(text)
    new = Path(file.name)
    new.chmod(mode)
    new.replace(path)


def _configuration(mirror: Path, addresses: Sequence[str]) -> str:
    include = ", ".join(f'"{address}"' for address in addresses)
    path = str(mirror).replace("\\", "\\\\").replace('"', '\\"')
    return (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f"    include = [{include}]\n"
        "  }\n"
        "  direct {\n"
        f"    exclude = [{include}]\n"
        "  }\n"
        "}\n"
    )
