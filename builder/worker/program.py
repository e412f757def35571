"""The worker's own files, and the digest that says which worker it is.

The builder makes worker.pyz of these files, and the digest is part of every layer's fingerprint; in
a build the worker finds the same files in worker.pyz.
"""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import py_compile
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Dict

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def files() -> Dict[str, bytes]:
    """Return the content of the worker's files, by their paths below its package."""
    assert __package__ is not None
    return contents(resources.files(__package__))


def version() -> str:
    """Return the first 12 hex digits of the digest of the worker's files."""
    return digest(files())[:12]


def unpack(folder: Path) -> None:
    """Put the files, compiled, into a folder of this version below ``folder``.

    worker.pyz starts from there: an interpreter compiles what is in a zip at each start. Where the
    system refuses that, it starts from itself.
    """
    place = folder / f"worker-{version()}"
    if place.is_dir():
        return
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=folder) as made:
        whole = Path(made, "whole")
        for name, content in files().items():
            path = whole / "worker" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # Not by times: the folder's name says which files these are.
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(whole, ddir=str(place), quiet=2, invalidation_mode=mode)
        whole.rename(place)


def contents(folder: Traversable) -> Dict[str, bytes]:
    """Return the files in a folder and its subfolders, without bytecode and hidden ones."""
    found: Dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            inner = contents(entry)
            found.update({f"{entry.name}/{name}": content for name, content in inner.items()})
        else:
            found[entry.name] = entry.read_bytes()
    return found


def digest(content: Dict[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents of files, as 64 hex digits."""
    whole = hashlib.sha256()
    for name, data in sorted(content.items()):
        whole.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
    return whole.hexdigest()
