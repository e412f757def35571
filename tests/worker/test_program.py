import importlib.util
import struct
from pathlib import Path

import pytest

from builder.worker import program
from tests.builder.conftest import write_tree

TREE = {"__main__.py": "", "tools.txt": "uv", "slim/__init__.py": "", "slim/strip.py": "x = 1\n"}


def digest_of(folder: Path) -> str:
    return program.digest(program.contents(folder))


@pytest.mark.parametrize("name", TREE)
def test_a_change_of_any_file_is_seen_in_subfolders_too(tmp_path: Path, name: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write_tree(here, TREE)
    write_tree(there, {**TREE, name: "y = 2\n"})

    assert digest_of(here) != digest_of(there)


def test_a_file_that_moves_to_a_subfolder_is_a_change(tmp_path: Path) -> None:
    write_tree(tmp_path, {"here/a.py": "x", "there/b/a.py": "x"})

    assert digest_of(tmp_path / "here") != digest_of(tmp_path / "there")


def test_bytecode_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write_tree(here, TREE)
    write_tree(
        there,
        {**TREE, "slim/__pycache__/strip.cpython-311.pyc": "x", ".DS_Store": "x", ".git/a": "x"},
    )

    assert digest_of(here) == digest_of(there)


def test_the_version_is_the_start_of_the_digest_of_the_workers_files() -> None:
    files = program.files()

    assert {"__main__.py", "tools.txt", "program.py"} <= files.keys()
    assert program.version() == program.digest(files)[:12]
    assert int(program.version(), 16)


def test_what_is_unpacked_is_the_same_worker_and_compiled(tmp_path: Path) -> None:
    program.unpack(tmp_path)

    (folder,) = tmp_path.iterdir()
    assert folder.name == f"worker-{program.version()}"
    assert program.contents(folder / "worker") == program.files()
    for source in folder.rglob("*.py"):
        data = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        # Not compared with the source's time, which a copy of the folder would not have.
        assert struct.unpack("<I", data[4:8]) == (0b01,)


def test_what_is_unpacked_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / f"worker-{program.version()}"
    place.mkdir()

    program.unpack(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [place.name]
    assert list(place.iterdir()) == []


def test_where_nothing_can_be_written_the_worker_goes_without(tmp_path: Path) -> None:
    program.unpack(tmp_path / "absent")

    assert list(tmp_path.iterdir()) == []
