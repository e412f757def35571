from pathlib import Path

import pytest

from builder.commands.files import write
from builder.errors import LayerError


def test_a_file_is_replaced_unless_it_has_to_be_new(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write(file, "é")
    write(file, b"b")
    with pytest.raises(LayerError, match="there is a a already"):
        write(file, "c", new=True)
    assert file.read_bytes() == b"b"


def test_a_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="cannot be written"):
        write(tmp_path, "x")


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="cannot be written: No such file"):
        write(tmp_path / "none/page.html", "")
    write(tmp_path / "page.html", "é")
    assert (tmp_path / "page.html").read_text("utf-8") == "é"
