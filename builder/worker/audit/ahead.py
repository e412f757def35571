"""Compiling ahead: what the import check loads is compiled from the moment that it is installed.

Compiling takes more of an import than all else. It runs nothing of what it compiles, but reads
what strangers wrote: so it is done in a sandbox, too. Nothing of it gets into the layer, and the
import check takes a compiled file for the source alone whose hash it has (compiler.py).
"""

from __future__ import annotations

import contextlib
import os
import pkgutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import List

from ..interpreters import Interpreter
from ..sandbox import Sandbox, discard

PATIENCE = 30.0
"""Seconds in which a process that was told to end must have ended."""


class Ahead:
    """The processes that compile for one build, and the folder with what they have made."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="layer-compiled-"))
        self._running: List[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End what still runs; remove what was made."""
        self.close()

    @property
    def made(self) -> Path:
        """The folder with what is compiled, by the files' names below python/; more may come."""
        return self._folder / "made"

    def start(self, interpreter: Interpreter, python: Path, root: Path) -> None:
        """Begin to compile what is below ``root``; ``python`` is the layer's python/."""
        source = pkgutil.get_data(__package__, "compiler.py")
        assert source is not None
        root, python = root.resolve(), python.resolve()
        into = self.made / root.relative_to(python)
        into.mkdir(parents=True, exist_ok=True)
        arguments = ["-I", "-S", "-B", "-c", source.decode("utf-8"), str(root), str(into)]
        sandbox = Sandbox(self._folder)
        # What is only a help may fail, whatever the reason is.
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                sandbox.command([interpreter.path, *arguments]),
                cwd=self._folder,
                env=sandbox.environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._running.append(process)

    def close(self) -> None:
        """End what still compiles, and remove what was made: nothing imports it any more."""
        self.end()
        if self._folder.exists():
            discard(self._folder)

    def end(self) -> None:
        """End what still compiles."""
        for process in self._running:
            # The cage ends what it has started.
            process.terminate()
        for process in self._running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
