"""What a real build leaves is proven from outside, and what was changed since is found."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builder.operations.proof import PROVEN, UNPROVEN, WRONG
from builder.operations.verify import NEVER_PROVEN, verify_folder


def wrong(folder: Path) -> dict[str, str]:
    return {f.subject: f.seen for f in verify_folder(folder) if f.verdict == WRONG}


def change(folder: Path, **fields: Any) -> None:
    """Change the manifest, as someone would who may write there."""
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def put(folder: Path, name: str, content: bytes) -> None:
    """Change layer.zip, and what the manifest says of its bytes."""
    with zipfile.ZipFile(folder / "layer.zip", "a") as archive:
        archive.writestr(name, content)
    content = (folder / "layer.zip").read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    change(folder, code_sha256=digest, zipped_size=len(content))


@pytest.mark.slow
def test_all_that_can_be_compared_is_proven(built: Path) -> None:
    found = verify_folder(built)

    proven = {finding.subject for finding in found if finding.verdict == PROVEN}
    python = ".".join(map(str, sys.version_info[:2]))
    documents = {f"lock-{python}.txt", "sbom.cdx.json"}
    assert wrong(built) == {}
    assert proven >= {"manifest", "sizes", "packages", "files", "locks", "provenance.json"}
    assert proven >= documents
    assert {f.subject for f in found if f.verdict == UNPROVEN} >= {f.subject for f in NEVER_PROVEN}


@pytest.mark.slow
def test_other_bytes_in_the_archive_are_found(built: Path) -> None:
    content = bytearray((built / "layer.zip").read_bytes())
    content[40] ^= 1
    (built / "layer.zip").write_bytes(content)

    assert "SHA-256 and size" in wrong(built)["manifest"]


@pytest.mark.slow
def test_a_file_that_no_package_has_is_found_though_the_manifest_was_changed_too(
    built: Path,
) -> None:
    put(built, "python/evil.py", b"evil = True")

    found = verify_folder(built)

    assert {"sizes", "provenance.json"} <= wrong(built).keys()
    assert any(f.verdict == UNPROVEN and "python/evil.py" in f.seen for f in found)


@pytest.mark.slow
def test_a_package_that_the_manifest_does_not_name_is_found(built: Path) -> None:
    put(built, "python/evil-1.dist-info/METADATA", b"Name: evil\nVersion: 1\n")

    assert "only there: evil 1" in wrong(built)["packages"]


@pytest.mark.slow
def test_a_manifest_that_names_another_version_is_found_by_bill_lock_and_archive(
    built: Path,
) -> None:
    packages = json.loads((built / "manifest.json").read_text())["packages"]
    change(built, packages=[{**each, "version": "1.1"} for each in packages])

    found = wrong(built)

    assert found.keys() == {"packages", "sbom.cdx.json", "locks"}
    assert "one 1.1" in found["locks"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sbom.cdx.json", "provenance.json"])
def test_a_document_that_was_changed_is_found_and_proves_nothing(built: Path, name: str) -> None:
    (built / name).write_bytes((built / name).read_bytes() + b"\n")

    seen = [(f.verdict, f.seen) for f in verify_folder(built) if f.subject == name]

    assert (WRONG, "it is not the SHA-256 that the manifest has of it") in seen
    assert (UNPROVEN, "there is none that the manifest knows") in seen


@pytest.mark.slow
@pytest.mark.parametrize("key", ["invocationId", "fingerprint", "sha256"])
def test_a_provenance_about_something_else_is_wrong_though_the_manifest_has_its_digest(
    built: Path, key: str
) -> None:
    file = built / "provenance.json"
    said = json.loads(file.read_text())
    place = {
        "invocationId": said["predicate"]["runDetails"]["metadata"],
        "fingerprint": said["predicate"]["buildDefinition"]["externalParameters"],
        "sha256": said["subject"][0]["digest"],
    }[key]
    place[key] = "1" * 64
    file.write_text(json.dumps(said))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    documents = json.loads((built / "manifest.json").read_text())["documents"]
    (entry,) = (each for each in documents if each["file"] == file.name)
    entry["sha256"] = digest
    change(built, documents=documents)

    assert wrong(built).keys() == {file.name}
