import sys
from errno import EACCES
from pathlib import Path

import pytest

from builder.room import is_full, working_folder
from tests import small_disk

FILLS = """
import os
from builder.errors import LayerError
from builder.room import working_folder
try:
    with working_folder() as folder, (folder / "layer.zip").open("wb") as file:
        file.write(os.urandom(200_000))
except LayerError as error:
    print(error)
"""


def test_a_folder_is_there_meanwhile_and_gone_afterwards() -> None:
    with working_folder() as folder:
        (folder / "file").write_text("x")
        assert folder.is_dir()

    assert not folder.exists()


def test_other_errors_are_those_that_they_are() -> None:
    with pytest.raises(PermissionError), working_folder():
        raise PermissionError(EACCES, "no")


def test_where_a_disk_is_full_it_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    disk = tmp_path / "disk"

    ended = small_disk.run(disk, "64k", [sys.executable, "-c", FILLS], env={"TMPDIR": str(disk)})

    assert (ended.status, ended.errors, ended.left) == (0, "", [])
    first, where, *_ = ended.output.splitlines()
    assert first == "there is no room for what is needed meanwhile: No space left on device"
    assert str(disk) in where
    assert "name another folder in TMPDIR" in ended.output


def test_what_a_full_file_says() -> None:
    with pytest.raises(OSError, match="No space") as caught, Path("/dev/full").open("wb") as file:
        file.write(b"x")

    assert is_full(caught.value)
    assert not is_full(ValueError())
