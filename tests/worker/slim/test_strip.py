import shutil
import struct
from pathlib import Path

import pytest

from builder.worker.slim import strip


def test_a_file_loads_the_same_as_its_copy(tmp_path: Path, native_library: bytes) -> None:
    one, other = tmp_path / "a.so", tmp_path / "b.so"
    one.write_bytes(native_library)
    other.write_bytes(native_library)

    assert strip.loads_the_same(one, other)


def test_a_changed_byte_of_what_is_mapped_is_seen(tmp_path: Path, native_library: bytes) -> None:
    one, other = tmp_path / "a.so", tmp_path / "b.so"
    one.write_bytes(native_library)
    changed = bytearray(native_library)
    changed[len(changed) // 2] ^= 0xFF
    other.write_bytes(changed)

    assert not strip.loads_the_same(one, other)


def test_sections_may_move_because_the_loader_does_not_read_them(
    tmp_path: Path, native_library: bytes
) -> None:
    one, other = tmp_path / "a.so", tmp_path / "b.so"
    one.write_bytes(native_library)
    changed = bytearray(native_library)
    struct.pack_into("<Q", changed, 40, 0)
    other.write_bytes(changed)

    assert strip.loads_the_same(one, other)


@pytest.mark.skipif(shutil.which("strip") is None, reason="strip is not installed")
def test_files_that_strip_cannot_read_stay_as_they_are(tmp_path: Path) -> None:
    broken = tmp_path / "a.so"
    broken.write_bytes(b"\x7fELF and no more")

    assert strip.strip(tmp_path, {"a": ["a.so"]}, {"a": "a-1.dist-info"}) == (0, 0)
    assert broken.read_bytes() == b"\x7fELF and no more"
    assert list(tmp_path.iterdir()) == [broken]


def test_without_strip_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert strip.strip(tmp_path, {}, {}) == (0, 0)
