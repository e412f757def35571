"""The process that foresees sizes for a plan, which may be ended at any time.

``python -m builder.sizes.foreseer FOLDER`` reads one JSON line on stdin, the layers, and writes a
line for each as soon as it is known. FOLDER is for small files, and is removed by the parent.
It ends itself when stdin ends, which is when its parent has.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from builder.sizes.forecast import Forecast
from builder.sizes.foresee import foresee
from builder.spec.layer_spec import LayerSpec

AT_ONCE = 4
"""Layers at the same time: most of it is waiting for uv and for indexes."""

QUICK = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10"}
"""A plan waits for nobody (uv's documentation, "Environment variables")."""


class Foreseer:
    """Foresees layers; where an index did not answer it is not asked again."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._silent: dict[object, Forecast] = {}

    def look(self, spec: LayerSpec, root: Path) -> Forecast:
        """Return the forecast of one layer."""
        if any(index.codeartifact for index in spec.indexes):
            return Forecast(why="its index is in CodeArtifact, and a plan gets no token for it")
        silent = self._silent.get(spec.indexes)
        if silent is not None:
            return silent
        found = foresee(spec, root, self._memory)
        if found.passing and found.why:
            self._silent[spec.indexes] = found
        return found

    def all(self, layers: Iterable[tuple[str, LayerSpec, Path]]) -> None:
        """Write a line for each layer."""
        # Indexes of a layer's own are variables of the whole process.
        several = [one for one in layers if not one[1].indexes]
        alone = [one for one in layers if one[1].indexes]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._write, several))
        for one in alone:
            self._write(one)

    def _write(self, one: tuple[str, LayerSpec, Path]) -> None:
        name, spec, root = one
        sys.stdout.write(f"{name} {json.dumps(asdict(self.look(spec, root)))}\n")
        sys.stdout.flush()


def main() -> None:
    """Foresee what stdin asks for."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(QUICK)
    Foreseer(Path(sys.argv[1])).all(
        [(name, LayerSpec.from_json(text), Path(root)) for name, text, root in asked]
    )


def _end_with_parent() -> None:
    sys.stdin.read()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)  # uv, too: this process leads its group
    os._exit(1)


if __name__ == "__main__":
    main()
