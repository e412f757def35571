"""Everything a file system can have where a source is looked for: refused, left out, or taken."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from tests.builder.conftest import ALWAYS, package, spec_of, write_tree
from tests.patience import PATIENCE

GIANT = 1 << 36
"""Bytes of a file that is nothing but a hole."""

MANY = 100_000

Make = Callable[[Path], object]


@dataclass(frozen=True)
class Odd:
    """What is put into a project, the layer's fields, and what must come of it.

    ``refused`` is a piece of the error; without it the files are the package's and ``taken``.
    """

    make: Make
    refused: str = ""
    taken: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=lambda: {"package": "src"})
    root: bool = False


def pipe(name: str) -> Make:
    def make(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        os.mkfifo(project / name)

    return make


def zeros(name: str) -> Make:
    """Make a device that never ends, like /dev/zero."""
    return lambda project: os.mknod(project / name, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def giant(name: str) -> Make:
    def make(project: Path) -> None:
        (project / name).touch()
        os.truncate(project / name, GIANT)

    return make


def link(name: str, target: str, first: Make = lambda _: None) -> Make:
    def make(project: Path) -> None:
        first(project)
        (project / name).symlink_to(target)

    return make


def bound(project: Path) -> None:
    before = Path.cwd()
    os.chdir(project / "src")  # the name of a socket has 108 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")
    finally:
        os.chdir(before)


def not_unicode(project: Path) -> None:
    Path(os.fsdecode(os.fsencode(project) + b"/src/\xff.txt")).touch()


def file(name: str) -> Make:
    return lambda project: write_tree(project, {f"src/{name}": "text"})


REQUIREMENTS = {"requirements": ("r.txt",)}
SCRIPT = {"package": "src", "pre_install": "p.sh"}
LONG = "/".join(["y" * 200] * 15)

ROWS: dict[str, Odd] = {
    "a pipe": Odd(pipe("src/pipe")),
    "a socket": Odd(bound),
    "a device": Odd(zeros("src/zero"), root=True),
    "a link to a pipe": Odd(link("src/l", "../pipe", pipe("pipe")), "there is no 'src/l'"),
    "a link to a device": Odd(link("src/l", "zero", zeros("src/zero")), "no 'src/l'", root=True),
    "a link out of the project": Odd(link("src/l", "/dev/zero"), "src/l leads out of the project"),
    "links in a circle": Odd(link("src/a", "b", link("src/b", "a")), "there is no 'src/"),
    "a link to its own folder": Odd(link("src/s", "."), "src/s is a link to a folder"),
    "a hard link": Odd(
        lambda project: os.link(project / "src/web/app.py", project / "src/h.py"),
        taken=("src/h.py",),
    ),
    "a giant": Odd(giant("src/giant"), "src/giant has 68,719,476,736 bytes"),
    "a giant pyproject.toml": Odd(giant("src/pyproject.toml"), "at most 4,194,304 are read"),
    "a giant lock": Odd(giant("src/uv.lock"), "src/uv.lock has 68,719,476,736 bytes"),
    "a pipe for a lock": Odd(pipe("src/uv.lock")),
    "a pipe for setup.cfg": Odd(pipe("src/setup.cfg")),
    "a pipe for the project's pyproject.toml": Odd(pipe("pyproject.toml")),
    "a pipe for requirements": Odd(pipe("r.txt"), "there is no 'r.txt'", fields=REQUIREMENTS),
    "a device for requirements": Odd(zeros("r.txt"), "no 'r.txt'", fields=REQUIREMENTS, root=True),
    "a giant for requirements": Odd(giant("r.txt"), "r.txt has 68,719", fields=REQUIREMENTS),
    "requirements that include a pipe": Odd(
        lambda project: (pipe("p")(project), write_tree(project, {"r.txt": "-r p\n"})),
        "there is no 'p'",
        fields=REQUIREMENTS,
    ),
    "a pipe for pre_install": Odd(pipe("p.sh"), "there is no 'p.sh'", fields=SCRIPT),
    "a name that is not UTF-8": Odd(not_unicode, "is not UTF-8"),
    "a name of two lines": Odd(file("a\nb.txt"), taken=("src/a\nb.txt",)),
    "a name of 255 bytes": Odd(file("x" * 255), taken=(f"src/{'x' * 255}",)),
    "a path of 3,000 bytes": Odd(file(f"{LONG}/a"), taken=(f"src/{LONG}/a",)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_odd_file_is_refused_left_out_or_taken(row: Odd, tmp_path: Path) -> None:
    if row.root and os.geteuid() != 0:
        pytest.skip("devices are made by root")
    package(tmp_path)
    row.make(tmp_path)
    spec = spec_of(**row.fields)

    if row.refused:
        with pytest.raises(SourceError) as caught:
            source_files(spec, tmp_path)
        assert row.refused in str(caught.value)
        return
    files = source_files(spec, tmp_path)
    assert [each.path for each in files] == sorted([*ALWAYS, *row.taken])
    with zipfile.ZipFile(BytesIO(bundle(spec, tmp_path, files, "f" * 64))) as zipped:
        assert {f"project/{each.path}" for each in files} <= set(zipped.namelist())


@pytest.mark.slow
def test_a_pipe_in_place_of_pyproject_toml_is_not_waited_for(tmp_path: Path) -> None:
    package(tmp_path)
    pipe("src/pyproject.toml")(tmp_path)
    program = (
        "import sys; from pathlib import Path; from tests.builder.conftest import spec_of; "
        "from builder.inputs.source_files import source_files; "
        "print(len(source_files(spec_of(package='src'), Path(sys.argv[1]))))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.stdout == f"{len(ALWAYS) - 1}\n", done.stderr


@pytest.mark.slow
def test_a_hundred_thousand_files_are_read(tmp_path: Path) -> None:
    package(tmp_path)
    for folder in range(100):
        (tmp_path / f"src/f{folder}").mkdir()
        for number in range(MANY // 100):
            (tmp_path / f"src/f{folder}/{number}").touch()

    assert len(source_files(spec_of(package="src"), tmp_path)) == MANY + len(ALWAYS)
