import hashlib
import random
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builder.worker.errors import BuildError
from builder.worker.pack import libdeflate
from builder.worker.pack.libdeflate import Libdeflate

NOISE = random.Random(3)
WORDS = [NOISE.randbytes(NOISE.randrange(2, 9)) for _ in range(400)]
TEXT = b"".join(NOISE.choice(WORDS) for _ in range(60_000))


@pytest.mark.parametrize("data", [b"a" * 200, TEXT, TEXT * 9])
def test_what_is_deflated_can_be_inflated_by_zlib(data: bytes, engine: Libdeflate) -> None:
    deflated = engine.deflate(data)

    assert deflated is not None
    assert len(deflated) < len(data)
    assert zlib.decompress(deflated, -15) == data
    assert engine.crc32(data) == zlib.crc32(data)


@pytest.mark.parametrize("data", [b"", b"x", NOISE.randbytes(70_000)])
def test_what_would_not_shrink_is_not_deflated(data: bytes, engine: Libdeflate) -> None:
    assert engine.deflate(data) is None


def test_several_threads_get_the_same_bytes(engine: Libdeflate) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(engine.deflate, [TEXT, TEXT * 3] * 8))

    assert len(set(results)) == 2
    assert results[0] == engine.deflate(TEXT)


def test_the_bytes_are_those_that_every_machine_gets(engine: Libdeflate) -> None:
    """The wheel for aarch64 gives them too, and an emulated x86_64 without AVX."""
    deflated = engine.deflate(TEXT)

    assert deflated is not None
    assert (
        hashlib.sha256(deflated).hexdigest()
        == "51a7eb3ae13863e3f3942fb92d690b688a19eebbbca88e4e5dc7748abc96fa28"
    )


def test_a_build_before_tools_says_what_to_run_first(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="libdeflate is not there") as caught:
        libdeflate.load(tmp_path, 6)

    assert "worker.pyz tools" in caught.value.fix
