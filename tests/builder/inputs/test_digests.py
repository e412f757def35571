from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from builder.inputs import digests
from builder.inputs.digests import CALM
from builder.inputs.reading import read_input
from builder.inputs.source_files import source_files as read_all
from builder.user_cache import VARIABLE
from tests import small_disk
from tests.builder.conftest import spec_of, write_tree

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no index on Windows")

SPEC = spec_of(package="src")
LATER = 10 * CALM


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package; all its files are old by the clock, and small layers have an index, too."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "WORTH", 0)
    write_tree(
        tmp_path / "root", {"src/pyproject.toml": "[project]\n", "src/a.py": "a", "src/b.py": "b"}
    )
    passing(monkeypatch, LATER)
    return tmp_path / "root"


def passing(monkeypatch: pytest.MonkeyPatch, nanoseconds: int) -> None:
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + nanoseconds)


def reads(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return which files are read for the fingerprint."""
    found: list[str] = []
    whole = read_input

    def noted(root: Path, path: str) -> bytes:
        found.append(path)
        return whole(root, path)

    with monkeypatch.context() as patch:
        patch.setattr("builder.inputs.source_files.read_input", noted)
        read_all(SPEC, root)
    return sorted(found)


def test_what_has_not_changed_is_not_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_all(SPEC, root)

    assert reads(root, monkeypatch) == []
    assert read_all(SPEC, root) == first


def test_what_has_changed_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_all(SPEC, root)
    file = root / "src/a.py"
    times = file.stat()
    file.write_text("A")
    # Of the same size, and its time put back: ctime shows it.
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    after = read_all(SPEC, root)

    assert [old.path for old, new in zip(before, after, strict=True) if old != new] == ["src/a.py"]


def test_another_file_in_its_place_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_all(SPEC, root)
    (root / "src/new").write_text("c")
    (root / "src/new").replace(root / "src/b.py")

    assert reads(root, monkeypatch) == ["src/b.py"]


def test_the_exec_bit_is_always_looked_at(root: Path) -> None:
    read_all(SPEC, root)
    (root / "src/a.py").chmod(0o755)

    assert [file.path for file in read_all(SPEC, root) if file.executable] == ["src/a.py"]


def test_what_changed_a_moment_before_it_was_read_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing(monkeypatch, -LATER)  # back to the time that it is
    read_all(SPEC, root)

    assert reads(root, monkeypatch) == ["src/a.py", "src/b.py", "src/pyproject.toml"]


def test_what_changes_while_it_is_read_is_not_remembered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = digests.digests_of(root, "web")
    file = root / "src/a.py"

    def read() -> bytes:
        content = file.read_bytes()
        file.write_text("changed")
        return content

    known.read("src/a.py", file, file.stat(), read)
    assert known.found == {}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"files": {"src/a.py": "1 2 3 4 5 "}}', "{" * 999, "\udcff"]
)
def test_an_index_that_cannot_be_read_is_made_again(
    content: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_all(SPEC, root)
    (index,) = (tmp_path / "cache/files").iterdir()
    index.write_bytes(content.encode("utf-8", "surrogateescape"))

    assert read_all(SPEC, root) == first
    assert reads(root, monkeypatch) == []


def test_a_file_that_must_not_be_part_of_a_layer_is_never_remembered(root: Path) -> None:
    (root / "src/key.pem").write_text(
        "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n"
    )
    for _ in range(2):
        with pytest.raises(Exception, match="is a private key"):
            read_all(SPEC, root)


def test_without_a_cache_all_is_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "below"))
    first = read_all(SPEC, root)

    assert reads(root, monkeypatch) == ["src/a.py", "src/b.py", "src/pyproject.toml"]
    assert read_all(SPEC, root) == first


def test_small_layers_leave_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "WORTH", 1000)
    read_all(SPEC, root)

    assert not (tmp_path / "cache").exists()


READS = """
import sys
from pathlib import Path
from builder.inputs import digests
from builder.inputs.source_files import source_files
from tests.builder.conftest import spec_of
digests.CALM, digests.WORTH = -(10**15), 0
root, spec = Path(sys.argv[1]), spec_of(package="src")
first, second = source_files(spec, root), source_files(spec, root)
print(len(first), first == second)
"""


@pytest.mark.slow
def test_an_index_that_has_no_room_is_left_out_and_the_files_are_what_they_are(
    tmp_path: Path,
) -> None:
    files = {f"src/web/module_{number}.py": f"x = {number}\n" for number in range(600)}
    root = write_tree(
        tmp_path / "project", {"src/pyproject.toml": '[project]\nname = "web"\n', **files}
    )
    disk, here = tmp_path / "disk", str(Path(__file__).parents[3])

    command = [sys.executable, "-c", READS, str(root)]
    env = {VARIABLE: str(disk / "cache"), "PYTHONPATH": here}
    full = small_disk.run(disk, "64k", command, env=env)
    roomy = small_disk.run(disk, "4m", command, env=env)

    assert (full.status, full.errors, full.left) == (0, "", [])
    assert full.output == roomy.output == "601 True\n"
    assert [file.rpartition(".")[2] for file in roomy.left] == ["json"]


def test_the_digests_of_many_files_come_each_with_its_path() -> None:
    paths = [f"m{number}.py" for number in range(3 * digests.TOGETHER + 1)]

    assert digests.of_many(str.upper, paths) == {path: path.upper() for path in paths}
    assert digests.of_many(str.upper, []) == {}


def test_one_file_of_many_that_cannot_be_read_is_the_error() -> None:
    def read(path: str) -> str:
        if path == "m150.py":
            raise OSError("no")
        return path

    with pytest.raises(OSError, match="no"):
        digests.of_many(read, [f"m{number}.py" for number in range(200)])
