from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.sizes import skeleton
from builder.sizes.table import Entry, Table, is_text
from builder.worker.errors import BuildError


def table_of(name: str, files: dict[str, bytes]) -> Table:
    info = f"{name}-1.dist-info"
    everything = {**files, f"{info}/METADATA": f"Name: {name}\nVersion: 1\n".encode()}
    record = "".join(f"{file},,\n" for file in [*everything, f"{info}/RECORD"])
    everything[f"{info}/RECORD"] = record.encode()
    entries = {file: Entry(len(data), len(data)) for file, data in everything.items()}
    return Table(entries, {file: data for file, data in everything.items() if is_text(file)})


def kept(root: Path, *tables: tuple[str, dict[str, bytes]], **options: Any) -> skeleton.Kept:
    root.mkdir(exist_ok=True)
    values = {"exclude": (), "slim": (), "own": (), **options}
    return skeleton.build(root, {n: table_of(n, files) for n, files in tables}, **values)


A = {
    "a/__init__.py": b"import os\n",
    "a/__init__.pyi": b"x: int\n",
    "a/tests/test_a.py": b"y" * 1000,
    "a/big.so": b"z" * 5000,
}


def test_the_workers_own_rules_decide_what_is_left(tmp_path: Path) -> None:
    found = kept(tmp_path / "1", ("a", A), slim=("tests", "stubs"), exclude=("*.so",))
    assert {file for file in found.files if file.startswith("a/")} == {"a/__init__.py"}
    assert found.saves["tests"] == {"a": 1000}
    assert found.saves["stubs"] == {"a": 7}
    assert found.excluded == 5000


def test_what_options_that_are_off_would_save_is_known_and_not_taken(tmp_path: Path) -> None:
    found = kept(tmp_path / "1", ("a", A))
    assert found.saves["tests"] == {"a": 1000}
    assert "a/tests/test_a.py" in found.files
    assert found.files["a/big.so"][0].size == 5000


def test_tests_that_another_package_imports_stay(tmp_path: Path) -> None:
    other = {"b/__init__.py": b"from a.tests import test_a\n"}
    found = kept(tmp_path / "1", ("a", A), ("b", other), slim=("tests",))
    assert "a/tests/test_a.py" in found.files


def test_the_projects_own_packages_are_not_slimmed(tmp_path: Path) -> None:
    found = kept(tmp_path / "1", ("a", A), slim=("tests",), own={"a"})
    assert "a/tests/test_a.py" in found.files


def test_record_is_counted_as_the_layer_has_it(tmp_path: Path) -> None:
    less = kept(tmp_path / "1", ("a", A), exclude=("a/tests/",))
    more = kept(tmp_path / "2", ("a", A))
    record = "a-1.dist-info/RECORD"
    assert less.files[record][0].size == more.files[record][0].size - len("a/tests/test_a.py,,\n")


def test_record_names_files_where_they_are_and_those_that_the_wheel_did_not_list(
    tmp_path: Path,
) -> None:
    files = {"a/__init__.py": b"", "a-1.data/data/etc/a.conf": b"x" * 70, "a/more.bin": b"y" * 1000}
    table = table_of("a", files)
    record = b"a/__init__.py,sha256=abc,0\na-1.data/data/etc/a.conf,sha256=def,70\nnone,,\n"
    info = "a-1.dist-info"
    entries = {**table.entries, f"{info}/RECORD": Entry(len(record), 1)}
    texts = {**table.texts, f"{info}/RECORD": record}
    found = skeleton.build(tmp_path, {"a": Table(entries, texts)}, (), (), ())
    expected = (
        f"{info}/METADATA,,{len(texts[f'{info}/METADATA'])}\n"
        f"{info}/RECORD,,{len(record)}\n"
        "a/__init__.py,sha256=abc,0\n"
        "a/more.bin,,1000\n"
        "etc/a.conf,sha256=def,70\n"
    )
    assert found.files[f"{info}/RECORD"][0].size == len(expected)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("a/b.py", "a/b.py"),
        ("a-1.data/purelib/b.py", "b.py"),
        ("a-1.data/data/share/x", "share/x"),
        ("a-1.data/scripts/run", "bin/run"),
        ("a-1.data/headers/h.h", "include/a/h.h"),
        ("a-1.data/other/x", None),
        ("../b.py", None),
        ("a/../../b.py", None),
        ("/etc/passwd", None),
        ("a\0b", None),
        ("", None),
    ],
)
def test_files_go_where_uv_installs_them_and_never_elsewhere(file: str, place: str | None) -> None:
    assert skeleton.installed_at(file, "a") == place


def test_programs_count_only_where_the_layer_has_them(tmp_path: Path) -> None:
    files = {"a/__init__.py": b"", "a-1.data/scripts/run": b"x" * 300}
    assert "bin/run" not in kept(tmp_path / "1", ("a", files)).files
    assert kept(tmp_path / "2", ("a", files), scripts=True).files["bin/run"][0].size == 300


def test_a_file_where_another_package_has_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="b has a file that cannot be installed"):
        kept(tmp_path / "1", ("a", {"x": b""}), ("b", {"x/y.py": b""}))
    with pytest.raises(BuildError, match="a has a file that cannot be installed"):
        kept(tmp_path / "2", ("a", {"n" * 300 + ".py": b""}))


def test_metadata_that_is_no_text_is_refused_in_one_sentence(tmp_path: Path) -> None:
    record = {"a-1.dist-info/RECORD": b"\xff\xfe,,\n"}
    entries = {"a-1.dist-info/METADATA": b"Name: a\nVersion: 1\n", **record}
    table = Table({name: Entry(len(data), 1) for name, data in entries.items()}, entries)
    with pytest.raises(BuildError, match="the metadata of a distribution cannot be read"):
        skeleton.build(tmp_path, {"a": table}, (), (), ())


def test_the_record_of_a_distribution_inside_another_lists_what_is_there(tmp_path: Path) -> None:
    """As in setuptools: the worker writes every RECORD of the layer anew."""
    rows = ("x/__init__.py", "x/tests/test_x.py", "../../../bin/x", "x-1.dist-info/RECORD")
    record = b"".join(f"{row},,\r\n".encode() for row in rows)
    inside = {
        "a/_vendor/x/__init__.py": b"",
        "a/_vendor/x/tests/test_x.py": b"",
        "a/_vendor/x-1.dist-info/RECORD": record,
    }

    found = kept(tmp_path / "1", ("a", {**A, **inside}), slim=("tests",))

    left = b"x-1.dist-info/RECORD,,\nx/__init__.py,,\n"
    assert found.files["a/_vendor/x-1.dist-info/RECORD"][0].size == len(left)
