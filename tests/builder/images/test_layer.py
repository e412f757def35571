from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from builder.images import layer
from builder.images.errors import ImageError


def archive(path: Path, files: dict[str, bytes], *, modes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            out.writestr(info, content)
    return path


def test_files_are_below_the_folder_with_their_modes(tmp_path: Path) -> None:
    files = {"python/a/__init__.py": b"x = 1\n", "bin/run": b"#!/bin/sh\n"}
    packed = archive(tmp_path / "l.zip", files, modes={"bin/run": 0o100755})
    made = layer.write(packed, tmp_path / "l.tar.gz", below="opt", more={"python/own.py": b"y\n"})
    with tarfile.open(made.path) as tar:
        members = {member.name: member for member in tar}
        assert tar.extractfile("opt/python/own.py").read() == b"y\n"  # type: ignore[union-attr]
        assert tar.extractfile("opt/python/a/__init__.py").read() == b"x = 1\n"  # type: ignore[union-attr]
    assert {name for name, member in members.items() if member.isdir()} == {
        "opt",
        "opt/bin",
        "opt/python",
        "opt/python/a",
    }
    assert members["opt/bin/run"].mode == 0o755
    assert members["opt/python/own.py"].mode == 0o644
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in members.values()} == {(0, 0, "", layer.TIME)}
    assert made.unpacked == sum(map(len, files.values())) + 2


def test_digests_are_of_the_file_and_of_the_tar_in_it(tmp_path: Path) -> None:
    packed = archive(tmp_path / "l.zip", {"python/a.py": os.urandom(3 << 20)})
    made = layer.write(packed, tmp_path / "l.tar.gz", below="opt")
    content = made.path.read_bytes()
    assert made.size == len(content)
    assert made.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert made.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(content)).hexdigest()}"


def test_the_same_files_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "python/" + "/".join(["long-name"] * 30) + "/é.py"
    files = {"python/b.py": b"b", "python/a.py": b"a", long: b"c"}
    one = archive(tmp_path / "one.zip", files)
    other = archive(tmp_path / "other.zip", dict(reversed(files.items())))
    first = layer.write(one, tmp_path / "first", below="opt")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    second = layer.write(other, tmp_path / "second", below="opt")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert (first.digest, first.diff_id) == (second.digest, second.diff_id)


@pytest.mark.parametrize(
    ("files", "modes", "why"),
    [
        ({"python/../../etc/passwd": b""}, {}, "outside"),
        ({"/etc/passwd": b""}, {}, "outside"),
        ({"python/./a": b""}, {}, "outside"),
        ({"python/.wh.os.py": b""}, {}, "deletes"),
        ({"python/.wh..wh..opq": b""}, {}, "deletes"),
        ({"python/.wh.a/b": b""}, {}, "deletes"),
        ({"python/link": b"/etc/passwd"}, {"python/link": 0o120777}, "regular"),
        ({"python/a": b"", "python/a/b": b""}, {}, "a file and a folder"),
    ],
)
def test_what_must_not_be_in_an_image_is_refused(
    files: dict[str, bytes], modes: dict[str, int], why: str, tmp_path: Path
) -> None:
    packed = archive(tmp_path / "l.zip", files, modes=modes)
    with pytest.raises(ImageError, match=why):
        layer.write(packed, tmp_path / "out", below="opt")


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "l.zip", {"python/own.py": b"a"})
    with pytest.raises(ImageError, match="twice"):
        layer.write(packed, tmp_path / "out", below="opt", more={"python/own.py": b"b"})


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "l.zip", {"python/a.py": b"abc" * 1000})
    content = bytearray(packed.read_bytes())
    content[100] ^= 0xFF
    packed.write_bytes(content)
    with pytest.raises(ImageError, match="cannot be read"):
        layer.write(packed, tmp_path / "out", below="opt")
    packed.write_bytes(b"no zip")
    with pytest.raises(ImageError, match="not a zip"):
        layer.write(packed, tmp_path / "out", below="opt")
    with pytest.raises(ImageError, match="No such file"):
        layer.write(tmp_path / "none.zip", tmp_path / "out", below="opt")
