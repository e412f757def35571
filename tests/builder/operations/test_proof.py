"""An archive and its manifest, compared without anything else."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

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
