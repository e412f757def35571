import io
import os
import zipfile
from pathlib import Path

import pytest

from builder.worker import debug_archive
from builder.worker.debug_archive import keep
from builder.worker.log import Log


def kept(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle / "out/debug/build.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(bundle: Path) -> str:
    said = io.StringIO()
    keep(bundle, bundle / ".build", bundle / "out", Log(said, verbose=True))
    return said.getvalue()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_build_directory_is_kept_with_what_was_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "request.json", b"{}")
    write(tmp_path / ".build/3.12-x/requirements.in", b"idna\n")
    write(tmp_path / ".build/layer/python/idna.py", b"x = 1\n")

    assert "kept the build directory: 3 files" in run(tmp_path)
    assert kept(tmp_path) == {
        "request.json": b"{}",
        "3.12-x/requirements.in": b"idna\n",
        "layer/python/idna.py": b"x = 1\n",
    }


def test_large_files_are_listed_and_left_out(tmp_path: Path) -> None:
    write(tmp_path / ".build/layer/big.so", b"x" * (debug_archive.FILE_LIMIT + 1))
    write(tmp_path / ".build/layer/small.py", b"")

    assert "1 too large and listed only" in run(tmp_path)
    assert list(kept(tmp_path)) == ["layer/small.py"]
    listed = (tmp_path / "out/debug/files.txt").read_text().splitlines()
    assert [line.split()[0] for line in listed] == ["left", "kept"]
    assert listed[0].endswith("layer/big.so")


def test_however_much_was_installed_what_is_kept_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debug_archive, "TOTAL_LIMIT", 10)
    write(tmp_path / ".build/layer/a.py", b"123456789")
    write(tmp_path / ".build/layer/b.py", b"123456789")
    write(tmp_path / ".build/work/lock.txt", b"12345678")
    run(tmp_path)

    # The build's own files come first: they tell more than what a lock names anyway.
    assert list(kept(tmp_path)) == ["work/lock.txt"]


def test_credentials_are_blanked_out(tmp_path: Path) -> None:
    write(tmp_path / ".build/work/batch.txt", b"--index-url https://me:secret@example.org/simple\n")
    run(tmp_path)

    assert b"secret" not in b"".join(kept(tmp_path).values())
    assert b"https://***@example.org/simple" in kept(tmp_path)["work/batch.txt"]


def test_links_and_names_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path / ".build/a", b"\xff\xfe")
    (tmp_path / ".build/link").symlink_to("/etc/hostname")
    (tmp_path / ".build/gone").symlink_to("nowhere")
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/.build/\xff")), b"odd")
    run(tmp_path)

    assert kept(tmp_path) == {"a": b"\xff\xfe", "?": b"odd"}


def test_what_cannot_be_kept_fails_no_build(tmp_path: Path) -> None:
    write(tmp_path / ".build/a", b"1")
    write(tmp_path / "out", b"in the way")

    assert "NOTE: the build directory cannot be kept" in run(tmp_path)
