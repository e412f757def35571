from pathlib import Path

from builder.worker.slim.cleanup import slim


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def left(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_bytecode_scripts_and_the_installers_own_files_go(tmp_path: Path) -> None:
    info = "a-1.dist-info"
    tree(
        tmp_path,
        "a/__init__.py",
        "a/__pycache__/x.pyc",
        "a/old.py",
        "a/old.pyc",
        "bin/tool",
        ".lock",
    )
    tree(
        tmp_path,
        *(f"{info}/{n}" for n in ("METADATA", "INSTALLER", "REQUESTED", "direct_url.json")),
    )

    removed = slim(tmp_path, ())

    assert left(tmp_path) == {"a/__init__.py", "a/old.py", f"{info}/METADATA"}
    assert removed.scripts == ("tool",)
    assert removed.bytecode == 2


def test_bytecode_without_source_stays_because_it_is_the_module(tmp_path: Path) -> None:
    tree(tmp_path, "closed/__init__.pyc")

    slim(tmp_path, ())

    assert left(tmp_path) == {"closed/__init__.pyc"}


def test_a_package_that_is_called_bin_stays(tmp_path: Path) -> None:
    tree(tmp_path, "bin/__init__.py")

    slim(tmp_path, ())

    assert left(tmp_path) == {"bin/__init__.py"}


def test_excluded_files_go_and_are_counted(tmp_path: Path) -> None:
    tree(tmp_path, "a/__init__.py", "a/tests/test_a.py", "a/types.pyi", "a/keep.pyi")

    removed = slim(tmp_path, ("**/tests/", "*.pyi", "!keep.pyi"))

    assert left(tmp_path) == {"a/__init__.py", "a/keep.pyi"}
    assert (removed.excluded, removed.excluded_size) == (2, 2)


def test_files_that_share_their_bytes_with_the_cache_are_not_written_to(tmp_path: Path) -> None:
    tree(tmp_path, "cache/a.pyi", "layer/a.py")
    (tmp_path / "layer" / "a.pyi").hardlink_to(tmp_path / "cache" / "a.pyi")

    slim(tmp_path / "layer", ("*.pyi",))

    assert (tmp_path / "cache" / "a.pyi").read_text() == "x"
