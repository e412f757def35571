import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builder.worker import parts
from builder.worker.errors import BuildError
from builder.worker.request import Request
from tests.worker.conftest import target_of

OLD, NEW = target_of("3.12", "arm64"), target_of("3.13", "arm64")
WANTED = Request("sample", "0" * 64, (OLD, NEW), dependencies=("six",))


LOCK = b"six==1.0\n"


def left(folder: Path, **changed: Any) -> Path:
    """Write what the build of one target leaves in ``out/``."""
    folder.mkdir(exist_ok=True)
    (folder / "layer.zip").write_bytes(b"zip")
    (folder / "lock-3.12.txt").write_bytes(LOCK)
    (folder / "sbom.cdx.json").write_text("{}")
    manifest = {
        "schema": 1,
        "fingerprint": "0" * 64,
        "targets": [{"python": "3.12", "architecture": "arm64"}],
        "code_sha256": base64.b64encode(hashlib.sha256(b"zip").digest()).decode(),
        "locks": [{"file": "lock-3.12.txt", "sha256": hashlib.sha256(LOCK).hexdigest()}],
        "build_id": "layers:1",
        **changed,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_part_is_one_zip_with_a_receipt_beside_it(tmp_path: Path) -> None:
    out = left(tmp_path / "out")
    inner = (out / "manifest.json").read_bytes()

    parts.wrap(out)

    assert sorted(file.name for file in out.iterdir()) == ["part.json", "part.zip"]
    content = (out / "part.zip").read_bytes()
    assert json.loads((out / "part.json").read_text()) == {
        "schema": 1,
        "fingerprint": "0" * 64,
        "target": "python3.12",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "manifest_sha256": hashlib.sha256(inner).hexdigest(),
        "build_id": "layers:1",
    }
    with zipfile.ZipFile(out / "part.zip") as archive:
        assert archive.namelist() == ["layer.zip", "lock-3.12.txt", "manifest.json"]
        assert archive.read("layer.zip") == b"zip"


def test_a_part_that_was_unpacked_is_read_again(tmp_path: Path) -> None:
    parts.wrap(left(tmp_path / "out"))
    with zipfile.ZipFile(tmp_path / "out/part.zip") as archive:
        archive.extractall(tmp_path / "unpacked")

    found = parts.read(WANTED, OLD, tmp_path / "unpacked")

    assert found.layer.read_bytes() == b"zip"
    assert [lock.name for lock in found.locks] == ["lock-3.12.txt"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"fingerprint": "1" * 64}, "it is of fingerprint 1111"),
        ({"targets": [{"python": "3.13", "architecture": "arm64"}]}, "it is for"),
        ({"targets": [{"python": "3.12", "architecture": "x86_64"}]}, "it is for"),
        ({"code_sha256": "AAAA"}, "its layer.zip is not the one"),
        ({"locks": [{"file": "gone.txt"}]}, "it lacks gone.txt"),
        ({"schema": 2}, "schema 2"),
        ({"locks": None}, "its manifest cannot be read"),
        (
            {"locks": [{"file": "lock-3.12.txt", "sha256": "1" * 64}]},
            "lock-3.12.txt is not what its manifest says",
        ),
    ],
)
def test_a_part_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, changed: dict[str, Any], why: str
) -> None:
    folder = left(tmp_path / "out", **changed)

    with pytest.raises(BuildError, match=r"the part for python3\.12 on arm64") as caught:
        parts.read(WANTED, OLD, folder)

    assert why in caught.value.what
    assert "force_rebuild" in caught.value.fix


def test_a_part_that_another_build_has_put_in_its_place_is_refused(tmp_path: Path) -> None:
    folder = left(tmp_path / "out")
    seal = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()

    assert parts.read(WANTED, OLD, folder, seal).folder == folder
    left(folder, build_id="layers:2")
    with pytest.raises(BuildError, match="not the one that its build left"):
        parts.read(WANTED, OLD, folder, seal)


def test_who_starts_a_merge_says_what_the_manifests_of_its_parts_are() -> None:
    said = {"LAYER_PART_SEALS": "python3.12=aa python3.13=bb"}

    assert parts.seals(said) == {"python3.12": "aa", "python3.13": "bb"}
    assert parts.seals({}) == {}


def test_a_part_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="manifest cannot be read"):
        parts.read(WANTED, OLD, tmp_path)


def test_parts_are_where_codebuild_says(tmp_path: Path) -> None:
    environment = {"CODEBUILD_SRC_DIR_python3_12": str(tmp_path)}

    assert parts.folder_of(OLD, environment) == tmp_path
    with pytest.raises(BuildError, match=r"no part for python3\.13") as caught:
        parts.folder_of(NEW, environment)
    assert "CODEBUILD_SRC_DIR_python3_13" in caught.value.where


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "lock-3.12.txt\n", "layer.zip"]
)
def test_a_manifest_that_names_another_file_as_its_lock_is_refused(
    tmp_path: Path, name: str
) -> None:
    folder = left(tmp_path / "out", locks=[{"file": name, "sha256": "aa"}])

    with pytest.raises(BuildError, match="it lacks"):
        parts.read(WANTED, OLD, folder)


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", "null", '"x"', "1"])
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(BuildError, match="manifest cannot be read"):
        parts.read(WANTED, OLD, tmp_path)
