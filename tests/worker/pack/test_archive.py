import io
import struct
import zipfile
from pathlib import Path

import pytest

from builder.worker.contents.files import LayerFile
from builder.worker.errors import BuildError
from builder.worker.pack import archive, pack
from tests.worker.conftest import libdeflate_here

CONTENT = {
    "a.txt": b"a" * 5000,
    "größe/データ.py": b"x = 1\n",
    "bin/run": b"#!/bin/sh\n",
    "empty": b"",
    "stored": bytes(range(256)),
    "large": b"0123456789abcdef" * 200_000,
}


def files(folder: Path, content: dict[str, bytes]) -> list[LayerFile]:
    found = []
    for number, (name, data) in enumerate(content.items()):
        path = folder / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found.append(LayerFile(name, path, len(data), executable=name.startswith("bin/")))
    return found


def packed(tmp_path: Path, name: str, prefix: str) -> tuple[Path, list[LayerFile]]:
    own = files(tmp_path / name, {f"{prefix}/{key}": data for key, data in CONTENT.items()})
    path = tmp_path / f"{name}.zip"
    pack.pack(own, path, libdeflate_here())
    return path, own


def test_a_joined_zip_is_the_one_that_packing_all_at_once_would_have_made(tmp_path: Path) -> None:
    one, files_of_one = packed(tmp_path, "one", "python3.9")
    two, files_of_two = packed(tmp_path, "two", "python3.10")
    whole = pack.pack([*files_of_one, *files_of_two], tmp_path / "whole.zip", libdeflate_here())

    joined = archive.join([*archive.read(one), *archive.read(two)], tmp_path / "joined.zip")

    assert (tmp_path / "joined.zip").read_bytes() == (tmp_path / "whole.zip").read_bytes()
    assert (joined.size, joined.sha256) == (whole.size, whole.sha256)
    with zipfile.ZipFile(tmp_path / "joined.zip") as found:
        assert found.testzip() is None
        assert found.read("python3.10/größe/データ.py") == b"x = 1\n"


def test_the_order_of_the_parts_changes_no_byte(tmp_path: Path) -> None:
    one, _ = packed(tmp_path, "one", "python3.9")
    two, _ = packed(tmp_path, "two", "python3.10")

    archive.join([*archive.read(one), *archive.read(two)], tmp_path / "a.zip")
    archive.join([*reversed(archive.read(two)), *archive.read(one)], tmp_path / "b.zip")

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_entries_are_not_deflated_again(tmp_path: Path) -> None:
    """What another program deflated in its own way stays as it is."""
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as other:
        other.writestr("x", CONTENT["large"])
    (entry,) = archive.read(path)

    archive.join([entry], tmp_path / "joined.zip")

    raw = path.read_bytes()[entry.start : entry.start + entry.length]
    assert (tmp_path / "joined.zip").read_bytes().startswith(raw)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path, _ = packed(tmp_path, "one", "python3.9")
    entries = archive.read(path)

    with pytest.raises(BuildError, match="one name") as caught:
        archive.join([*entries, entries[0]], tmp_path / "joined.zip")

    assert caught.value.where == entries[0].name


def test_more_files_than_a_zip_can_hold_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    path, _ = packed(tmp_path, "one", "python3.9")
    entries = archive.read(path)[:1] * (pack.MOST_ENTRIES + 1)

    with pytest.raises(BuildError, match=r"65,535 files") as caught:
        archive.join(entries, tmp_path / "joined.zip")

    assert "exclude" in caught.value.fix
    assert not (tmp_path / "joined.zip").exists()


def made(method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as whole:
        whole.writestr("x", b"y" * 100)
        whole.comment = comment
    return bytearray(buffer.getvalue())


def refused(tmp_path: Path, content: bytes | bytearray) -> str:
    (tmp_path / "part.zip").write_bytes(content)
    with pytest.raises(BuildError, match="a part of the layer cannot be read") as caught:
        archive.read(tmp_path / "part.zip")
    return caught.value.what


def test_other_methods_of_compression_are_refused(tmp_path: Path) -> None:
    assert "of a kind that we do not write" in refused(tmp_path, made(zipfile.ZIP_LZMA))


@pytest.mark.parametrize("flag", [0x1, 0x8, 0x40])
def test_encryption_and_data_descriptors_are_refused(tmp_path: Path, flag: int) -> None:
    content = made()
    central = content.index(archive.CENTRAL)
    for place in (6, central + 8):
        (flags,) = struct.unpack_from("<H", content, place)
        struct.pack_into("<H", content, place, flags | flag)

    assert "of a kind that we do not write" in refused(tmp_path, content)


def test_headers_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    content = made()
    content[content.index(b"x")] = ord("z")  # the name in front of the data

    assert "contradict each other" in refused(tmp_path, content)


def test_an_entry_that_reaches_into_the_directory_is_refused(tmp_path: Path) -> None:
    content = made()
    central = content.index(archive.CENTRAL)
    for place in (18, central + 20):
        struct.pack_into("<I", content, place, 10_000)

    assert "reaches into the directory" in refused(tmp_path, content)


@pytest.mark.parametrize("cut", [0, 10, 40, 100])
def test_a_zip_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    refused(tmp_path, made()[:cut])


def test_a_zip_with_something_behind_or_in_front_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, bytes(made()) + b"more")
    refused(tmp_path, b"more" + bytes(made()))
    refused(tmp_path, made(comment=b"by somebody else"))


def test_a_directory_that_says_less_than_it_has_is_refused(tmp_path: Path) -> None:
    content = made()
    for place in (-14, -12):  # both counts of entries
        struct.pack_into("<H", content, len(content) + place, 0)

    assert "more than it says" in refused(tmp_path, content)
