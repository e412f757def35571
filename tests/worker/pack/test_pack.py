import email
import random
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path

import pytest

from builder.worker.contents import files
from builder.worker.contents.files import LayerFile
from builder.worker.errors import BuildError
from builder.worker.pack import pack
from builder.worker.pack.libdeflate import Libdeflate
from tests.patience import PATIENCE


@cache
def contents() -> dict[str, bytes]:
    noise = random.Random(7)
    return {
        "python/empty.py": b"",
        "python/text.py": b"import os\n" * 500,
        "python/noise.bin": noise.randbytes(4000),
        "python/large.so": b"".join(noise.choices([b"spam", b"eggs", b"ham"], k=900_000)),
        "python/large_noise.so": noise.randbytes(pack.GROUP_SIZE * 2 + 17),
        "python/exact.so": b"ab" * (pack.GROUP_SIZE // 2) * 2,
        "python/ünïcode/" + "long" * 60 + ".py": b"x = 1\n",
        "python/run": b"#!/bin/sh\n",
    }


def tree(root: Path) -> Path:
    for name, content in contents().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "python/run").chmod(0o700)
    return root


def test_the_zip_holds_every_file_as_it_is(tmp_path: Path, engine: Libdeflate) -> None:
    layer = files.collect(tree(tmp_path / "layer"))

    packed = pack.pack(layer, tmp_path / "layer.zip", engine)

    assert packed.size == (tmp_path / "layer.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [file.name for file in layer]
        for file, info in zip(layer, archive.infolist(), strict=True):
            assert archive.read(info) == file.path.read_bytes()
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == 0o100000 | file.mode


def test_no_process_gets_another_priority_where_threads_have_none(
    tmp_path: Path, engine: Libdeflate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("that would be the priority of some process")

    layer = files.collect(tree(tmp_path / "layer"))
    on_linux = pack.pack(layer, tmp_path / "linux.zip", engine)
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("os.setpriority", refuse)
    assert pack.pack(layer, tmp_path / "mac.zip", engine) == on_linux
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.delattr("os.setpriority")
    assert pack.pack(layer, tmp_path / "windows.zip", engine) == on_linux


def test_other_tools_accept_the_zip(tmp_path: Path, engine: Libdeflate) -> None:
    pack.pack(files.collect(tree(tmp_path / "layer")), tmp_path / "layer.zip", engine)

    ended = subprocess.run(
        ["unzip", "-tqq", str(tmp_path / "layer.zip")],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_bytes_do_not_depend_on_workers_or_the_order_of_files(
    tmp_path: Path, engine: Libdeflate
) -> None:
    layer = files.collect(tree(tmp_path / "layer"))

    one = pack.pack(layer, tmp_path / "one.zip", engine, workers=1)
    many = pack.pack(layer[::-1], tmp_path / "many.zip", engine, workers=7)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "many.zip").read_bytes()
    assert one == many


def test_what_does_not_shrink_is_stored(tmp_path: Path, engine: Libdeflate) -> None:
    pack.pack(files.collect(tree(tmp_path / "layer")), tmp_path / "layer.zip", engine)

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        stored = {i.filename for i in archive.infolist() if i.compress_type == zipfile.ZIP_STORED}
    assert {"python/empty.py", "python/noise.bin", "python/large_noise.so"} <= stored
    assert not {"python/text.py", "python/large.so", "python/exact.so"} & stored


@pytest.mark.slow
def test_the_zip_of_real_files_is_no_larger_than_zipfiles(
    tmp_path: Path, engine: Libdeflate, native_library: bytes
) -> None:
    shutil.copytree(Path(email.__file__).parent, tmp_path / "layer/python/email")
    (tmp_path / "layer/python/native.so").write_bytes(native_library)
    layer = files.collect(tmp_path / "layer")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w", zipfile.ZIP_DEFLATED, True, 6) as archive:
        for file in layer:
            archive.write(file.path, file.name)

    packed = pack.pack(layer, tmp_path / "layer.zip", engine)

    assert packed.size <= (tmp_path / "plain.zip").stat().st_size


def test_bytes_given_instead_of_the_files_are_packed(tmp_path: Path, engine: Libdeflate) -> None:
    (tmp_path / "RECORD").write_text("old")
    file = files.collect(tmp_path)[0].replaced(b"new and longer")

    pack.pack([file], tmp_path / "layer.zip", engine)

    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.read("RECORD") == b"new and longer"


def test_more_files_than_a_plain_zip_can_hold_are_refused(
    tmp_path: Path, engine: Libdeflate
) -> None:
    many = [LayerFile(f"python/{n}", tmp_path, 0, data=b"") for n in range(65_535)]

    with pytest.raises(BuildError, match="65,535 files"):
        pack.pack(many, tmp_path / "layer.zip", engine)


def test_more_bytes_than_a_plain_zip_can_hold_are_refused(
    tmp_path: Path, engine: Libdeflate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / "layer").mkdir(exist_ok=True)
        (tmp_path / "layer" / name).write_bytes(random.Random(7).randbytes(4000))
    layer = files.collect(tmp_path / "layer")
    pack.pack(layer, tmp_path / "whole.zip", engine)
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        before = archive.start_dir
    monkeypatch.setattr(pack, "LARGEST", before)
    pack.pack(layer, tmp_path / "whole.zip", engine)
    monkeypatch.setattr(pack, "LARGEST", before - 1)
    with pytest.raises(BuildError, match=f"more than {before - 1:,} bytes"):
        pack.pack(layer, tmp_path / "layer.zip", engine)


@pytest.mark.parametrize("name", ["python/text.py", "python/noise.bin"])
def test_a_file_that_was_changed_since_it_was_sealed_is_refused(
    name: str, tmp_path: Path, engine: Libdeflate
) -> None:
    layer = files.collect(tree(tmp_path / "layer"))
    sealed = pack.seal(layer)
    whole = (tmp_path / "layer" / name).read_bytes()
    assert pack.pack(layer, tmp_path / "layer.zip", engine, sealed=sealed).size
    (tmp_path / "layer" / name).write_bytes(whole[:-1] + b"!")

    with pytest.raises(BuildError, match=f"{name} was changed after it was installed"):
        pack.pack(layer, tmp_path / "layer.zip", engine, sealed=sealed)
