"""What a file of a wheel will take in the layer's zip, from what it takes in the wheel's own.

Both are deflated, by different programs: the worker's packs compiled files and data closer than
zlib does, and zlib closer than others do: what maturin writes wheels with, or zlib-ng in zlib's
place. Python's text comes out the same.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping

LEVEL, CLOSEST = 6, 9
"""zlib's default, at which Python writes wheels, and auditwheel what it repairs; and its last."""

SHARE, SHARE_OF_OTHERS = 0.990, 0.962
"""What the worker's packing takes of what a wheel's compiled files and data take in the wheel.

Measured on 45 wheels: 0.979 to 0.997 where zlib had deflated them, 0.958 to 0.971 where maturin
had (its zip is written in Rust, without zlib), 0.953 to 0.961 where it was another program, as with
Pillow 11.3 and 12.0.
"""

STORED_SAMPLE = 1 << 16
"""Bytes of a file that is stored as it is from which it is judged how it will deflate."""


def deflated(data: bytes) -> int:
    """Return how many bytes the data take in a zip."""
    return min(_by_zlib(data), len(data))


def _by_zlib(data: bytes, level: int = LEVEL) -> int:
    # Less zlib's own header and checksum, which a zip has not (RFC 1950).
    return len(zlib.compress(data, level)) - 6


def share(infos: Iterable[zipfile.ZipInfo], texts: Mapping[str, bytes]) -> float:
    """Return what the worker's packing will take of what the wheel's zip takes of a file.

    Which program has packed the wheel last is seen by its metadata: zlib makes as many bytes of
    them as the wheel has.
    """
    metadata = [i for i in infos if i.filename in texts and ".dist-info/" in i.filename]
    packed = [(texts[i.filename], i.compress_size) for i in metadata if i.compress_type]
    by_zlib = any(
        all(_by_zlib(text, level) == size for text, size in packed) for level in (LEVEL, CLOSEST)
    )
    return SHARE if by_zlib else SHARE_OF_OTHERS


def of_stored(sample: bytes, size: int) -> int:
    """Return what a file will take that its wheel stores as it is, judged by its beginning."""
    return round(size * deflated(sample) / len(sample)) if sample else size
