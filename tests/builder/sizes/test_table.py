from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from builder.sizes import table
from builder.sizes.table import Entry
from builder.sizes.web import Local, UnreadableError


def wheel(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Local:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Local(path)


FILES = {
    "a/__init__.py": b"import a.b\n" * 500,
    "a/data.bin": bytes(range(256)) * 100,
    "a-1.dist-info/METADATA": b"Name: a\n",
    "a-1.dist-info/RECORD": b"",
}


def test_names_sizes_and_the_text_of_modules_are_read(tmp_path: Path) -> None:
    found = table.read(wheel(tmp_path / "a.whl", FILES))
    assert {name: entry.size for name, entry in found.entries.items()} == {
        name: len(content) for name, content in FILES.items()
    }
    assert set(found.texts) == set(FILES) - {"a/data.bin"}
    assert found.texts["a/__init__.py"] == FILES["a/__init__.py"]


def test_what_is_stored_counts_as_it_will_be_packed(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(100_000)
    files = {**FILES, "a/noise.bin": noise, "a/large.so": b"symbol\0" * 100_000, "a/empty": b""}
    found = table.read(wheel(tmp_path / "a.whl", files, zipfile.ZIP_STORED))
    assert found.entries["a/__init__.py"].packed < 100
    assert found.entries["a/data.bin"].packed < 2000
    assert found.entries["a/noise.bin"].packed == len(noise)
    assert found.entries["a/large.so"].packed < 5000
    assert found.entries["a/empty"] == Entry(0, 0)


def test_bulk_between_modules_is_not_fetched(tmp_path: Path) -> None:
    bulk = random.Random(1).randbytes(4 * table.GAP)
    source = wheel(tmp_path / "a.whl", {**FILES, "b.so": bulk, "c.py": b"c"})
    read: list[int] = []

    class Counted:
        size = source.size

        def read(self, start: int, end: int) -> bytes:
            read.append(min(end, self.size) - start)
            return source.read(start, end)

    assert table.read(Counted()).texts["c.py"] == b"c"
    assert sum(read) < len(bulk)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\5\6" + bytes(18) + b"x"])
def test_what_is_no_wheel_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(content)
    with pytest.raises(UnreadableError, match="it is no wheel"):
        table.read(Local(tmp_path / "a.whl"))


def test_a_wheel_whose_end_is_missing_or_changed_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path / "a.whl", FILES)
    whole = (tmp_path / "a.whl").read_bytes()
    (tmp_path / "a.whl").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableError):
        table.read(Local(tmp_path / "a.whl"))


@pytest.mark.parametrize(
    ("offset", "value"),
    [(8, b"\1\0"), (10, b"\x63\0"), (28, b"\0\0"), (42, b"\xff\xff\xff\x7f")],
    ids=["encrypted", "an unknown method", "no name", "an offset beyond the end"],
)
def test_a_directory_that_lies_is_refused(offset: int, value: bytes, tmp_path: Path) -> None:
    wheel(tmp_path / "a.whl", FILES)
    content = bytearray((tmp_path / "a.whl").read_bytes())
    start = content.index(b"PK\1\2") + offset
    content[start : start + len(value)] = value
    (tmp_path / "a.whl").write_bytes(content)
    with pytest.raises(UnreadableError):
        table.read(Local(tmp_path / "a.whl"))


def test_a_wheel_without_a_record_is_refused_as_installers_do(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if "RECORD" not in name}
    with pytest.raises(UnreadableError, match="it has no RECORD"):
        table.read(wheel(tmp_path / "a.whl", files))


def test_a_module_that_unpacks_to_more_than_any_has_is_refused(tmp_path: Path) -> None:
    source = wheel(tmp_path / "a.whl", {"a.py": bytes(table.LARGEST_TEXT + 1)})
    with pytest.raises(UnreadableError, match=r"a\.py is larger"):
        table.read(source)


def test_a_table_that_is_kept_is_the_same_and_a_broken_one_is_none(tmp_path: Path) -> None:
    found = table.read(wheel(tmp_path / "a.whl", FILES))
    table.save(found, tmp_path / "kept.zip")
    assert table.load(tmp_path / "kept.zip") == found
    assert not list(tmp_path.glob("*.partial"))
    assert table.load(tmp_path / "none.zip") is None
    content = (tmp_path / "kept.zip").read_bytes()
    for broken in (content[:-30], content.replace(b"table-5.json", b"fable-4.json"), b""):
        (tmp_path / "kept.zip").write_bytes(broken)
        assert table.load(tmp_path / "kept.zip") is None
    rows = io.BytesIO()
    with zipfile.ZipFile(rows, "w") as archive:
        archive.writestr(table.TOC, "[[1, 2]]")
    (tmp_path / "kept.zip").write_bytes(rows.getvalue())
    assert table.load(tmp_path / "kept.zip") is None


def test_a_table_of_another_version_is_none(tmp_path: Path) -> None:
    table.save(table.read(wheel(tmp_path / "a.whl", FILES)), tmp_path / "kept.zip")
    content = (tmp_path / "kept.zip").read_bytes()
    (tmp_path / "kept.zip").write_bytes(content.replace(b"table-5.json", b"table-1.json"))
    assert table.load(tmp_path / "kept.zip") is None
