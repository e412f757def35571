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
