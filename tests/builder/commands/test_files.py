import subprocess
import sys
from pathlib import Path

import pytest

from builder.commands.files import write, write_folder
from builder.errors import LayerError
from tests import small_disk
from tests.patience import PATIENCE

WITHOUT_ROOM = """
import resource, sys
from pathlib import Path
from builder.commands.files import write
from builder.errors import LayerError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write(Path(sys.argv[1]), b"x" * 5000, new=True)
except LayerError as error:
    print(error)
"""


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


def test_nothing_is_left_of_a_new_file_that_has_no_room(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_ROOM, str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert "a cannot be written" in done.stdout
    assert "make room there" in done.stdout
    assert list(tmp_path.iterdir()) == []


OVER_ANOTHER = """
from pathlib import Path
from builder.commands.files import write
from builder.errors import LayerError
file = Path("requirements.lock")
file.write_text("six==1.17.0")
file.chmod(0o640)
try:
    write(file, b"x" * 200_000)
except LayerError as error:
    print(error)
print(file.read_text(), oct(file.stat().st_mode)[-3:])
"""


def test_what_was_there_stays_where_the_new_file_has_no_room(tmp_path: Path) -> None:
    ended = small_disk.run(tmp_path / "disk", "64k", [sys.executable, "-c", OVER_ANOTHER])

    assert (ended.status, ended.errors, ended.left) == (0, "", ["requirements.lock"])
    assert "requirements.lock cannot be written: No space left on device" in ended.output
    assert ended.output.endswith("six==1.17.0 640\n")


def test_a_file_that_is_replaced_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("a")
    file.chmod(0o604)
    link.symlink_to(file)

    write(file, "b")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("b", 0o604)
    write(link, "c")
    assert (link.is_symlink(), file.read_text()) == (True, "c")
    assert sorted(tmp_path.iterdir()) == [file, link]


A_FOLDER = """
import os
from pathlib import Path
from builder.commands.files import write_folder
from builder.errors import LayerError
try:
    write_folder(Path("copy"), {"manifest.json": b"{}", "layer.zip": os.urandom(200_000)})
except LayerError as error:
    print(error)
"""


def test_nothing_is_left_of_a_folder_that_has_no_room(tmp_path: Path) -> None:
    ended = small_disk.run(tmp_path / "disk", "64k", [sys.executable, "-c", A_FOLDER])

    assert (ended.status, ended.errors, ended.left) == (0, "", [])
    assert "copy cannot be written: No space left on device" in ended.output
    assert "make room there" in ended.output


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(LayerError, match="already"):
        write_folder(tmp_path, {"file": b"theirs"})

    assert (tmp_path / "file").read_text() == "mine"
