"""Engines that deflate, level by level: processor seconds and size over one layer's files.

It runs in the benchmark's own environment, which has the engines that the project does not use:
``python -m bench.engines LAYER.zip LIBDEFLATE.so``. The digests are over all that was made: the
same command under an emulator of another processor shows whose bytes depend on it.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from builder.worker.pack.libdeflate import Libdeflate

Deflate = Callable[[bytes], bytes]


def engines(library: Path) -> Iterator[tuple[str, Deflate]]:
    """Yield each engine's levels that are worth a look."""
    for level in (1, 6):
        yield f"zlib {level}", _like_zlib(zlib, level)
    for level in range(1, 10):
        yield f"libdeflate {level}", _libdeflate(library, level)
    for level in range(4):
        yield f"ISA-L {level}", _like_zlib(importlib.import_module("isal.isal_zlib"), level)
    for level in (1, 3, 5, 6, 7, 9):
        yield f"zlib-ng {level}", _like_zlib(importlib.import_module("zlib_ng.zlib_ng"), level)


def _like_zlib(module: Any, level: int) -> Deflate:
    def deflate(data: bytes) -> bytes:
        engine = module.compressobj(level, zlib.DEFLATED, -15)
        return bytes(engine.compress(data) + engine.flush())

    return deflate


def _libdeflate(library: Path, level: int) -> Deflate:
    engine = Libdeflate(library, level)
    return lambda data: engine.deflate(data) or data


def main(layer: Path, library: Path) -> Iterator[str]:
    """Yield one line for each engine and level."""
    with zipfile.ZipFile(layer) as archive:
        files = [archive.read(name) for name in archive.namelist()]
    yield f"{len(files):,} files, {sum(map(len, files)) / 1e6:.1f} MB"
    for name, deflate in engines(library):
        digest, size, began = hashlib.sha256(), 0, time.process_time()
        for data in files:
            made = deflate(data)
            size += min(len(made), len(data))
            digest.update(made)
        took = time.process_time() - began
        yield f"{name:14}{took:7.2f} s{size / 1e6:9.2f} MB   {digest.hexdigest()[:12]}"


if __name__ == "__main__":
    for line in main(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
