"""Documents that are a valid one but for one byte, or end too early: every place, no chance."""

from __future__ import annotations

from collections.abc import Iterator

QUICK = 2048
"""Bytes of a document whose every place is tried in `make test`; of a larger one as many."""

OTHERS = (0x00, 0x22, 0x0A, 0x5C, 0x7B, 0x5D, 0x39, 0xFF)
"""NUL, and what means something to a reader: quotes, line ends, escapes, brackets, digits."""


def quick(seed: bytes) -> Iterator[bytes]:
    """Yield, for every place, the document that ends there and the one with a bit turned over."""
    for place in range(0, len(seed), max(1, len(seed) // QUICK)):
        yield seed[:place]
        yield _with(seed, place, seed[place] ^ (1 << place % 8))


def whole(seed: bytes) -> Iterator[bytes]:
    """Yield every bit turned over, and for every place an end, a gap, a byte twice, and OTHERS."""
    for place, byte in enumerate(seed):
        yield seed[:place]
        yield seed[:place] + seed[place + 1 :]
        yield seed[:place] + seed[place : place + 1] + seed[place:]
        for changed in (*(byte ^ (1 << bit) for bit in range(8)), *OTHERS):
            yield _with(seed, place, changed)


def _with(seed: bytes, place: int, byte: int) -> bytes:
    return seed[:place] + bytes([byte]) + seed[place + 1 :]
