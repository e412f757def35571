"""Everything a file system can have in place of layers.toml, or of a package's pyproject.toml."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.errors import SpecError
from builder.spec.layers_toml import load_config

TEXT = """
[app]
name = "billing"
[layers.web]
package = "src"
python = ["3.13"]
architecture = "arm64"
"""

Make = Callable[[Path], object]


def zeros(path: Path) -> None:
    """Make a device that never ends, like /dev/zero."""
    if os.geteuid() != 0:
        pytest.skip("devices are made by root")
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def giant(path: Path) -> None:
    """Make a file that is nothing but a hole."""
    path.touch()
    os.truncate(path, 100 << 30)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe")
    path.symlink_to("pipe")


def content(text: str, encoding: str = "utf-8") -> Make:
    return lambda path: path.write_bytes(text.encode(encoding))


ROWS: dict[str, tuple[Make, str]] = {
    "a pipe": (os.mkfifo, "no regular file"),
    "a device": (zeros, "no regular file"),
    "a folder": (Path.mkdir, "no regular file"),
    "a giant": (giant, "it has 107,374,182,400 bytes, at most 1,048,576 are read"),
    "a circle of links": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "a link to a pipe": (link_to_pipe, "no regular file"),
    "UTF-16": (content(TEXT, "utf-16"), "not UTF-8"),
    "a zero byte": (content(f"{TEXT}\0"), "not TOML"),
    "CR alone": (content(TEXT.replace("\n", "\r")), "not TOML"),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_no_layers_toml_is_refused_and_not_waited_for(
    tmp_path: Path, row: tuple[Make, str]
) -> None:
    make, what = row
    make(tmp_path / "layers.toml")

    with pytest.raises(SpecError, match=r"layers\.toml cannot be read") as caught:
        load_config(tmp_path / "layers.toml")

    assert what in caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (os.mkfifo, "'src' has no pyproject.toml"),
        (zeros, "'src' has no pyproject.toml"),
        (giant, "'src' has no Python file"),
    ],
    ids=["a pipe", "a device", "a giant"],
)
def test_a_pyproject_that_is_no_document_is_not_read(tmp_path: Path, make: Make, what: str) -> None:
    (tmp_path / "src").mkdir()
    make(tmp_path / "src" / "pyproject.toml")
    (tmp_path / "layers.toml").write_text(TEXT)

    with pytest.raises(SpecError, match=what):
        load_config(tmp_path / "layers.toml")
