import json
import os
from pathlib import Path

import pytest

from builder.worker.contents import files
from builder.worker.pack import deflate_cache, pack
from builder.worker.pack.deflate_cache import Kept
from builder.worker.pack.libdeflate import Libdeflate

TEXT = b"import os\n" * 500


class Counting(Libdeflate):
    """libdeflate that counts its calls."""

    def __init__(self, engine: Libdeflate) -> None:
        self.__dict__ = engine.__dict__.copy()
        self.calls = 0

    def deflate(self, data: bytes) -> bytes | None:
        self.calls += 1
        return super().deflate(data)


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(deflate_cache.CACHE, str(tmp_path / "cache"))
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "a.py").write_bytes(TEXT)
    (tmp_path / "layer" / "b.py").write_bytes(TEXT + b"x")
    return tmp_path / "layer"


def build(layer: Path, engine: Libdeflate, known: Kept | None) -> tuple[bytes, int]:
    """Pack as a build does; return the zip and how many files were deflated."""
    counting, out = Counting(engine), layer.parent / "layer.zip"
    packed = pack.pack(files.collect(layer), out, counting, known=known)
    deflate_cache.save("v1", out, packed.places)
    return out.read_bytes(), counting.calls


def test_what_was_deflated_before_is_not_deflated_again(layer: Path, engine: Libdeflate) -> None:
    first, deflated = build(layer, engine, deflate_cache.load("v1"))

    again, deflated_again = build(layer, engine, deflate_cache.load("v1"))

    assert (deflated, deflated_again) == (2, 0)
    assert again == first


def test_only_what_changed_is_deflated(layer: Path, engine: Libdeflate) -> None:
    build(layer, engine, deflate_cache.load("v1"))
    (layer / "b.py").write_bytes(TEXT + b"y")

    changed, deflated = build(layer, engine, deflate_cache.load("v1"))

    assert deflated == 1
    assert changed == build(layer, engine, None)[0]


@pytest.mark.parametrize("damage", ["version", "zip", "short", "index", "gone"])
def test_what_is_not_whole_or_not_ours_is_not_used(
    damage: str, layer: Path, engine: Libdeflate
) -> None:
    first, _ = build(layer, engine, deflate_cache.load("v1"))
    cache = layer.parent / "cache"
    path = cache / deflate_cache.ZIP
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage == "zip":
        data = bytearray(b"\xff" * len(data))
    if damage != "gone":
        path.write_bytes(data[:30] if damage == "short" else data)
    if damage == "index":
        (cache / deflate_cache.INDEX).write_text(json.dumps({"version": "v1", "places": [[1]]}))

    again, deflated = build(
        layer, engine, deflate_cache.load("v2" if damage == "version" else "v1")
    )

    assert deflated == 2
    assert again == first


def test_other_content_under_the_right_hash_is_found_out(layer: Path, engine: Libdeflate) -> None:
    first, _ = build(layer, engine, None)
    forged = engine.deflate(b"import evil" * 455)
    assert forged is not None
    place = deflate_cache.Place(deflate_cache.digest(TEXT), 0, len(forged))

    again, deflated = build(layer, engine, Kept({place.digest: place}, forged))

    assert deflated == 2
    assert again == first


def test_a_zip_that_was_kept_is_replaced_and_never_written_into(
    layer: Path, engine: Libdeflate, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(layer, engine, None)
    first = layer.parent / "layer.zip"
    older = first.read_bytes()
    first = first.rename(layer.parent / "of-another-build.zip")
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("other device")))
    (layer / "b.py").write_bytes(b"other" * 99)

    build(layer, engine, deflate_cache.load("v1"))

    assert first.read_bytes() == older


def test_nothing_is_kept_where_no_folder_is_named(
    layer: Path, engine: Libdeflate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(deflate_cache.CACHE)

    build(layer, engine, deflate_cache.load("v1"))

    assert not (layer.parent / "cache").exists()
