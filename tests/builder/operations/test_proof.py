"""An archive and its manifest, compared without anything else."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from builder.builds.artifact import Manifest, Package
from builder.operations.proof import UNPROVEN, WRONG, proof


def archive(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def manifest_of(path: Path, unzipped: int, *packages: Package) -> Manifest:
    content = path.read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Manifest("f", digest, unzipped, len(content), packages, "p:1", documents={"a": "00"})


def wrong(path: Path, manifest: Manifest) -> list[str]:
    return [f.seen for f in proof(path, manifest, {}) if f.verdict == WRONG]


def test_paths_that_leave_the_layer_are_wrong(tmp_path: Path) -> None:
    path = archive(tmp_path, {"python/../../x.py": b"", "/etc/x": b""})

    assert "python/../../x.py, /etc/x" in wrong(path, manifest_of(path, 0))[0]


def test_another_size_of_the_archive_than_the_manifests_is_wrong(tmp_path: Path) -> None:
    path = archive(tmp_path, {"python/a.py": b""})
    manifest = manifest_of(path, 0)

    assert wrong(path, manifest) == []
    said = wrong(path, replace(manifest, zipped_size=manifest.zipped_size + 1))
    assert [seen.partition(" (")[0] for seen in said] == ["it is not SHA-256 and size of layer.zip"]


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path, {"python/x": bytes(263_000_000)})

    assert wrong(path, manifest_of(path, 100)) == ["it has 263,000,000 bytes unzipped"]


def test_what_is_no_zip_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "layer.zip").write_bytes(b"no zip")

    assert (
        "cannot be read" in wrong(tmp_path / "layer.zip", manifest_of(tmp_path / "layer.zip", 6))[0]
    )


def test_a_file_with_other_bytes_than_its_record_says_is_wrong(tmp_path: Path) -> None:
    info = "python/a-1.dist-info"
    files = {
        f"{info}/METADATA": b"Name: a\nVersion: 1\n",
        f"{info}/RECORD": b"a.py,sha256=AAAA,1\n",
        "python/a.py": b"1",
    }
    path = archive(tmp_path, files)
    manifest = manifest_of(path, sum(map(len, files.values())), Package("a", "1", 1))

    assert wrong(path, manifest) == ["other bytes than RECORD says: python/a.py"]


def test_a_document_that_is_not_there_is_not_proven(tmp_path: Path) -> None:
    path = archive(tmp_path, {})
    unproven = [f.subject for f in proof(path, manifest_of(path, 0), {}) if f.verdict == UNPROVEN]

    assert unproven == ["a", "sbom.cdx.json", "provenance.json"]


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_was_changed_anywhere_is_wrong_and_no_traceback(
    tmp_path: Path, method: int
) -> None:
    info = "python/a-1.dist-info"
    files = {
        f"{info}/METADATA": b"Name: a\nVersion: 1\n",
        f"{info}/RECORD": b"a.py,sha256=AAAA,1\n",
        "python/a.py": b"print(1)\n" * 9,
    }
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    manifest, whole = manifest_of(path, 200), path.read_bytes()

    for place in range(len(whole)):
        for other in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :],
        ):
            path.write_bytes(other)
            assert any("SHA-256 and size" in seen for seen in wrong(path, manifest)), place


def test_a_file_that_a_record_lists_a_hundred_thousand_times_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = "python/a-1.dist-info"
    files = {
        f"{info}/METADATA": b"Name: a\nVersion: 1\n",
        f"{info}/RECORD": b"a.py,sha256=AAAA,1\n" * 100_000,
        "python/a.py": b"1",
    }
    path = archive(tmp_path, files)
    read: list[str] = []
    real = zipfile.ZipFile.read

    def counted(self: zipfile.ZipFile, name: str) -> bytes:
        read.append(name)
        return real(self, name)

    monkeypatch.setattr(zipfile.ZipFile, "read", counted)

    assert "other bytes than RECORD says: python/a.py" in wrong(path, manifest_of(path, 0))[-1]
    assert read.count("python/a.py") == 1
