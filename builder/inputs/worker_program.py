"""The worker as one runnable file, and the digest of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from builder.inputs.same_bytes import zip_entries


@cache
def worker() -> bytes:
    """Return worker.pyz: the worker package as one runnable file."""
    source = resources.files("builder") / "worker"
    entries = {f"worker/{name}": (content, False) for name, content in _contents(source).items()}
    entries["__main__.py"] = (
        b"import sys\nfrom worker.__main__ import main\nsys.exit(main())\n",
        False,
    )
    return zip_entries(entries)


@cache
def worker_digest() -> str:
    """Return the SHA-256 of the worker's files."""
    digest = hashlib.sha256()
    for name, content in sorted(_contents(resources.files("builder") / "worker").items()):
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _contents(folder: Traversable) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            inner = _contents(entry)
            found.update({f"{entry.name}/{name}": content for name, content in inner.items()})
        elif entry.is_file() and not entry.name.startswith("."):
            found[entry.name] = entry.read_bytes()
    return found
