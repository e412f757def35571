"""The worker as one runnable file, and which worker it is."""

from __future__ import annotations

from functools import cache

from builder.inputs.same_bytes import zip_entries
from builder.worker import program


@cache
def worker() -> bytes:
    """Return worker.pyz: the worker package as one runnable file."""
    entries = {f"worker/{name}": (content, False) for name, content in program.files().items()}
    entries["__main__.py"] = (
        b"import sys\nfrom worker.__main__ import main\nsys.exit(main())\n",
        False,
    )
    return zip_entries(entries)


@cache
def worker_version() -> str:
    """Return which worker it is: 12 hex digits, which manifests have, too."""
    return program.version()
