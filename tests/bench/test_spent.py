"""What was measured is out of the way, and there until all is measured."""

from pathlib import Path

from bench.spent import delete, set_aside


def built(folder: Path, content: str) -> Path:
    folder.mkdir()
    (folder / "file").write_text(content)
    return folder


def test_what_was_built_makes_room_and_is_deleted_at_the_end_alone(tmp_path: Path) -> None:
    for content in ("first", "second"):
        set_aside(built(tmp_path / "out", content), tmp_path)
        assert not (tmp_path / "out").exists()

    kept = sorted(path.read_text() for path in tmp_path.rglob("file"))
    built(tmp_path / "out", "last")
    delete(tmp_path)

    assert kept == ["first", "second"]
    assert [path.read_text() for path in tmp_path.rglob("file")] == ["last"]


def test_nothing_is_set_aside_where_nothing_was_built(tmp_path: Path) -> None:
    set_aside(tmp_path / "out", tmp_path)
    delete(tmp_path)

    assert list(tmp_path.iterdir()) == []
