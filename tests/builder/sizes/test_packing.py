from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from builder.sizes import table
from builder.sizes.packing import SHARE, SHARE_OF_OTHERS, deflated, of_stored
from builder.sizes.web import Local

NOISE = random.Random(1).randbytes(40_000)
COMPILED = b"".join(
    NOISE[i : i + 8] + b"\0" * 8 + NOISE[i % 99 : i % 99 + 8] for i in range(20_000)
)
METADATA = "".join(f"Requires-Dist: package-{n} >= {n * n}\n" for n in range(300))


@pytest.mark.parametrize(
    ("generator", "level", "share"),
    [
        ("setuptools (84.0.0)", 6, SHARE),
        ("setuptools (84.0.0)", 9, SHARE),
        ("setuptools (80.9.0)", 1, SHARE_OF_OTHERS),
        ("maturin (1.15.0)", 1, SHARE_OF_OTHERS),
        ("maturin (1.15.0)", 6, SHARE),
    ],
    ids=["zlib", "zlib at its last level", "another program", "maturin", "maturin, repaired"],
)
def test_compiled_files_count_as_the_worker_packs_them(
    generator: str, level: int, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.writestr("a/a.so", COMPILED)
        archive.writestr("a/a.py", METADATA)
        archive.writestr("a-1.dist-info/METADATA", METADATA)
        archive.writestr("a-1.dist-info/RECORD", "")
        archive.writestr("a-1.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: {generator}\n")
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
    found = table.read(Local(path)).entries
    assert found["a/a.so"].packed == round(sizes["a/a.so"] * share)
    assert found["a/a.py"].packed == sizes["a/a.py"], "text is the same for both"


def test_what_deflates_to_more_counts_as_stored() -> None:
    assert deflated(b"a") == 1
    assert deflated(NOISE) == len(NOISE)


def test_what_is_stored_is_judged_by_its_beginning() -> None:
    assert of_stored(b"", 0) == 0
    assert of_stored(NOISE, 10 * len(NOISE)) == 10 * len(NOISE)
    assert of_stored(b"abc" * 1000, 30_000) < 300
