from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.user_cache import VARIABLE, folder, replacing


def test_a_file_takes_the_place_of_another_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    path.write_bytes(b"before")

    with replacing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"

    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_could_not_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    path.write_bytes(b"before")

    def write() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write()

    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_is_no_folder_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))

    with pytest.raises(LayerError, match="the cache cannot be written"):
        folder("wheels")
