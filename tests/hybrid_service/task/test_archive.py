from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from hybrid_service.errors import SnapshotError
from hybrid_service.task import archive


def packed(folder: Path, name: str = "a") -> Path:
    plain, file = folder.parent / f"{name}.tar", folder.parent / f"{name}.tar.gz"
    archive.pack(folder, plain)
    archive.compress(plain, file)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "index").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "index" / "ünï code.bin").write_bytes(bytes(range(256)) * 300)
    return folder


def test_files_and_folders_come_back(folder: Path, tmp_path: Path) -> None:
    back = tmp_path / "back"
    archive.unpack(packed(folder), back)
    assert sorted(str(path.relative_to(back)) for path in back.rglob("*")) == [
        *("empty", "index", "index/ünï code.bin"),
    ]
    content = (folder / "index" / "ünï code.bin").read_bytes()
    assert (back / "index" / "ünï code.bin").read_bytes() == content


def test_the_same_files_are_the_same_bytes(folder: Path) -> None:
    before = archive.sha256(packed(folder))
    assert archive.sha256(packed(folder, "b")) == before
    (folder / "new").touch()
    assert archive.sha256(packed(folder)) != before


def test_a_hard_link_is_a_file_and_other_things_are_left_out(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.link(folder / "index" / "ünï code.bin", folder / "again")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/etc/passwd")
    back = tmp_path / "back"
    archive.unpack(packed(folder), back)
    assert {path.name for path in back.iterdir()} == {"again", "empty", "index"}
    assert (back / "again").read_bytes() == (folder / "again").read_bytes()
    assert "pipe is neither" in caplog.text
    assert "link is neither" in caplog.text


def test_a_broken_archive_is_an_error(folder: Path, tmp_path: Path) -> None:
    file = packed(folder)
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(SnapshotError, match="cannot be read"):
        archive.unpack(file, tmp_path / "back")


def test_an_archive_cannot_write_outside_of_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "hostile.tar.gz"
    with tarfile.open(file, "w:gz") as hostile:
        hostile.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(SnapshotError):
        archive.unpack(file, tmp_path / "back")
    assert not (tmp_path / "outside").exists()
