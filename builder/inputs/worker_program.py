"""The worker as one runnable file, and which worker it is."""

from __future__ import annotations

from functools import cache

from builder.inputs.same_bytes import zip_entries
from builder.worker import program

START = """\
import os, sys
unpacked = os.path.join(os.getcwd(), ".tools", "worker-{version}")
if os.path.isdir(unpacked):
    sys.path.insert(0, unpacked)
from worker.__main__ import main
sys.exit(main())
"""
"""What worker.pyz runs: the same files that ``tools`` has unpacked and compiled, or its own."""


@cache
def worker() -> bytes:
    """Return worker.pyz: the worker package as one runnable file."""
    entries = {f"worker/{name}": (content, False) for name, content in program.files().items()}
    entries["__main__.py"] = (START.format(version=worker_version()).encode(), False)
    return zip_entries(entries)


@cache
def worker_version() -> str:
    """Return which worker it is: 12 hex digits, which manifests have, too."""
    return program.version()
