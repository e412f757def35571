"""libdeflate, the one engine that deflates: the library inside the pinned wheel of ``deflate``.

Its bytes are the same on every processor: what it chooses depends on the data alone ("No version
of libdeflate has ever been non-deterministic", its author in ebiggers/libdeflate#400), and the
wheel is pinned by hash. zlib is another on many systems, ISA-L chooses other bytes on other
processors, and zlib-ng promises nothing (docs/performance.md).

The wheel's extension module holds the interpreter's lock while it works, so the C functions that it
exports are called here: ctypes lets go of the lock, and all processors can deflate.
"""

from __future__ import annotations

import ctypes
import mmap
import threading
from pathlib import Path
from typing import Optional

from .. import tools

FOLDER = "deflate"
PATTERN = "_deflate*.so"
ROOM = 1 << 20
SPARE = 64


class Libdeflate:
    """The library, at one level; it may be used by several threads at once."""

    def __init__(self, library: Path, level: int) -> None:
        functions = ctypes.CDLL(str(library))
        self._level = level
        self._crc32 = functions.libdeflate_crc32
        self._crc32.argtypes = [ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]
        self._crc32.restype = ctypes.c_uint32
        self._alloc = functions.libdeflate_alloc_compressor
        self._alloc.argtypes = [ctypes.c_int]
        self._alloc.restype = ctypes.c_void_p
        self._compress = functions.libdeflate_deflate_compress
        self._compress.argtypes = [
            *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t),
            *(ctypes.c_void_p, ctypes.c_size_t),
        ]
        self._compress.restype = ctypes.c_size_t
        self._local = threading.local()

    def crc32(self, data: bytes) -> int:
        """Return the CRC-32 of the data, as a zip has it."""
        return int(self._crc32(0, data, len(data)))

    def deflate(self, data: bytes) -> Optional[bytes]:
        """Return the data as a raw deflate stream, or None when that would not be smaller."""
        # It wants some room to spare, and says 0 when it has too little.
        room = len(data) + SPARE
        out = self._out(room)
        size = self._compress(self._compressor(), data, len(data), _address(out), room)
        return out[:size] if 0 < size < len(data) else None

    def _compressor(self) -> int:
        """Return this thread's compressor; there are as many as threads, so none is freed."""
        if not hasattr(self._local, "compressor"):
            self._local.compressor = self._alloc(self._level)
            if not self._local.compressor:
                raise MemoryError("libdeflate_alloc_compressor")
        return int(self._local.compressor)

    def _out(self, room: int) -> mmap.mmap:
        """Return this thread's memory to write to: pages that are not written take no room."""
        out: Optional[mmap.mmap] = getattr(self._local, "out", None)
        if out is None or len(out) < room:
            out = self._local.out = mmap.mmap(-1, max(room, ROOM))
        return out


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def load(bundle: Path, level: int) -> Libdeflate:
    """Return the engine that ``tools`` installed; raise BuildError when it did not run."""
    folder = bundle / tools.TOOLS / FOLDER
    found = sorted(folder.glob(PATTERN))
    if len(found) != 1:
        raise tools.missing("libdeflate", folder / PATTERN)
    return Libdeflate(found[0], level)
