import os
from pathlib import Path

import pytest

from builder.worker.contents import files
from builder.worker.errors import BuildError


def test_files_are_sorted_with_modes_that_the_umask_does_not_change(tmp_path: Path) -> None:
    for name, mode in [("b.py", 0o600), ("a/run", 0o711), ("a.py", 0o664)]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(mode)

    found = files.collect(tmp_path)

    assert [(f.name, f.mode, f.size) for f in found] == [
        ("a.py", 0o644, 1),
        ("a/run", 0o755, 1),
        ("b.py", 0o644, 1),
    ]


def test_a_link_inside_the_layer_counts_as_the_file_it_shows(tmp_path: Path) -> None:
    (tmp_path / "real.so").write_text("12345")
    (tmp_path / "link.so").symlink_to("real.so")

    assert {f.name: f.size for f in files.collect(tmp_path)} == {"real.so": 5, "link.so": 5}


@pytest.mark.parametrize("destination", ["/etc/hostname", "nowhere", "folder"])
def test_a_link_to_anything_else_is_refused(destination: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(destination)

    with pytest.raises(BuildError, match=f"a link to {destination}"):
        files.collect(tmp_path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BuildError, match="neither a file"):
        files.collect(tmp_path)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff")).write_text("")

    with pytest.raises(BuildError, match="its name is not UTF-8"):
        files.collect(tmp_path)


def test_folders_that_are_deeper_than_what_python_can_walk_are_refused(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["d"] * files.DEEPEST)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    fits = files.collect(tmp_path)
    (deep / "d").mkdir()

    for read in (files.collect, files.names):
        with pytest.raises(BuildError, match="more than 200 folders deep") as caught:
            read(tmp_path)
        assert len(caught.value.where) < 100
    assert len(fits) == 1


def test_what_is_known_is_not_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    for name in ("pkg/known.py", "pkg/new.py", "known.py"):
        (tmp_path / name).touch()

    assert [file.name for file in files.collect(tmp_path, {"pkg/known.py"})] == [
        "known.py",
        "pkg/new.py",
    ]
