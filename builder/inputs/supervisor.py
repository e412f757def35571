"""The package of hybrid services as it travels: client and supervisor, as a folder or a wheel."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from builder import __version__
from builder.errors import LayerError
from builder.inputs.same_bytes import zip_entries

PACKAGE = "hybrid_service"
PROJECT = "hybrid-service-client"
PYTHON = ">=3.10"
NEEDS = "boto3"
"""What the supervisor needs; functions have it of Lambda."""

STEM = f"{PROJECT.replace('-', '_')}-{__version__}"
PATH = f".supervisor/{STEM}-py3-none-any.whl"
"""Where the bundle of a service's image has the wheel, in its project."""


def files() -> dict[str, bytes]:
    """Return the package's files by name; raise LayerError if it is not installed."""
    found = find_spec(PACKAGE)  # by its name: what travels stands alone, and is not imported here
    if found is None or found.origin is None:
        raise LayerError(
            f"the package {PACKAGE} is not installed",
            where=f"the installation of lambda-layer {__version__}",
            expected="the package beside builder",
            fix="install lambda-layer again",
        )
    folder = Path(found.origin).parent
    return {
        f"{PACKAGE}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for file in sorted(folder.rglob("*.py"))
    }


@cache
def wheel() -> bytes:
    """Return the package as a wheel that needs boto3: the same files give the same bytes.

    Sources of the facts: PEP 427 (wheels) and PEP 566 (metadata).
    """
    info = f"{STEM}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: {__version__}\n"
        "Summary: The client of hybrid services, and the supervisor of their tasks\n"
        f"Requires-Python: {PYTHON}\nRequires-Dist: {NEEDS}\n"
    )
    tags = "Wheel-Version: 1.0\nGenerator: lambda-layer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    entries = {**files(), f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": tags.encode()}
    rows = [f"{name},{_digest(data)},{len(data)}" for name, data in sorted(entries.items())]
    record = "\n".join([*rows, f"{info}/RECORD,,", ""])
    entries[f"{info}/RECORD"] = record.encode()
    return zip_entries({name: (data, False) for name, data in entries.items()})


@cache
def digest() -> str:
    """Return which one it is: 12 hex digits over all that is in the wheel."""
    named = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in files().items())
    return hashlib.sha256(repr((STEM, NEEDS, named)).encode()).hexdigest()[:12]


def _digest(content: bytes) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={found}"
