"""What is compiled ahead of the import check."""

import importlib.util
import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.worker.audit import compiler
from tests.patience import PATIENCE

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
PYTHONS = [
    path
    for path in sorted(PYENV.glob("3.*/bin/python3"))
    if tuple(map(int, path.parts[-3].split(".")[:2])) >= (3, 9)
]
"""Interpreters of targets: bytecode is another in each."""

LAYER = {
    "single.py": "import json",
    "pkg/__init__.py": "from pkg.core import frame\nfrom . import near, NOTHING_LIKE_IT",
    "pkg/core/__init__.py": "",
    "pkg/core/frame.py": "from ..deep.inner import y\nfrom .beside import x\nimport pkg.whole.a",
    "pkg/core/beside.py": "x = 1\ndef later():\n    import pkg.lazy",
    "pkg/deep/__init__.py": "",
    "pkg/deep/inner.py": "y = 1",
    "pkg/near.py": "",
    "pkg/whole/__init__.py": "",
    "pkg/whole/a.py": "",
    "pkg/lazy.py": "",
    "pkg/tests/__init__.py": "",
    "pkg/tests/test_all.py": "",
    "google/cloud/store/__init__.py": "from google.cloud.store import v1",
    "google/cloud/store/v1.py": "",
}
NOT_IMPORTED = {"pkg/lazy.py", "pkg/tests/__init__.py", "pkg/tests/test_all.py"}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def made(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name.removesuffix("c") for name in found}


def test_what_modules_import_is_compiled_and_nothing_else(tmp_path: Path) -> None:
    layer, into = lay(tmp_path / "layer", LAYER), tmp_path / "made"

    compiler.main(str(layer), str(into))

    assert made(into) == set(LAYER) - NOT_IMPORTED
    assert made(layer) == set(LAYER)


@pytest.mark.parametrize("python", PYTHONS, ids=[path.parts[-3] for path in PYTHONS])
def test_interpreters_of_other_versions_find_the_same(tmp_path: Path, python: Path) -> None:
    layer, into = lay(tmp_path / "layer", LAYER), tmp_path / "made"
    program = [str(python), "-I", "-S", "-B", "-c", Path(compiler.__file__).read_text()]

    subprocess.run([*program, str(layer), str(into)], check=True, timeout=PATIENCE)

    assert made(into) == set(LAYER) - NOT_IMPORTED


TYPED = """\
import typing
from typing import TYPE_CHECKING

if typing.TYPE_CHECKING:  # pragma: no cover
    from pkg import types_a
    from pkg import (
        types_b,
)

    # a comment
    import pkg.types_c
if not TYPE_CHECKING:
    import pkg.run_a
if TYPE_CHECKING: import pkg.types_d
else:
    import pkg.run_b
if TYPE_CHECKING or True:
    import pkg.run_c
def __getattr__(name):
    import pkg.types_a
import pkg.run_d
"""


@pytest.mark.skipif(sys.version_info < (3, 10), reason="code tells its lines since Python 3.10")
def test_what_only_type_checkers_import_is_not_compiled(tmp_path: Path) -> None:
    names = ["types_a", "types_b", "types_c", "types_d", "run_a", "run_b", "run_c", "run_d"]
    files = {"pkg/__init__.py": TYPED, **{f"pkg/{name}.py": "" for name in names}}
    layer, into = lay(tmp_path / "layer", files), tmp_path / "made"

    compiler.main(str(layer), str(into))

    run = {f"pkg/{name}.py" for name in names if name.startswith("run_")}
    assert made(into) == {"pkg/__init__.py", *run}


def test_the_heaviest_package_comes_first_and_its_tests_do_not_count() -> None:
    sizes = {
        "heavy/__init__.py": 10,
        "heavy/inside/core.py": 3_000_000,
        "much_tested/__init__.py": 5,
        "much_tested/tests/test_all.py": 9_000_000,
        "single.py": 2_000_000,
        "space/light/__init__.py": 20,
    }

    # The last one is taken first; the lightest are left to the import check.
    assert compiler.beginnings(sizes) == ["single.py", "heavy/__init__.py"]


def test_of_a_small_layer_everything_at_the_top_is_compiled() -> None:
    sizes = {"a/__init__.py": 900, "a/more.py": 1, "b.py": 2, "empty.py": 0}

    assert compiler.beginnings(sizes) == ["empty.py", "b.py", "a/__init__.py"]
    assert compiler.beginnings({}) == []


def test_imports_behind_more_names_than_one_byte_can_count_are_found(tmp_path: Path) -> None:
    many = "\n".join(f"name_{number} = {number}" for number in range(70_000))
    layer = lay(
        tmp_path / "layer",
        {
            "big/__init__.py": f"{many}\nfrom big.inside import far",
            "big/inside/__init__.py": "",
            "big/inside/far.py": "",
        },
    )

    compiler.main(str(layer), str(tmp_path / "made"))

    assert "big/inside/far.py" in made(tmp_path / "made")


def test_a_compiled_file_is_one_that_an_import_compares_with_its_source(tmp_path: Path) -> None:
    layer = lay(tmp_path / "layer", {"single.py": "answer = 42"})

    compiler.main(str(layer), str(tmp_path / "made"))

    data = (tmp_path / "made" / "single.pyc").read_bytes()
    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(data[4:8], "little") == 0b11
    assert data[8:16] == importlib.util.source_hash(b"answer = 42")
    code = marshal.loads(data[16:])
    assert code.co_filename == str(layer / "single.py")


@pytest.mark.parametrize(
    "source",
    [b"def f(:", b"x = '\0'", b"# -*- coding: nothing-like-it -*-", b"\xff\xfe", b"(" * 5000],
    ids=["syntax", "null", "coding", "bytes", "nested"],
)
def test_what_cannot_be_compiled_is_left_to_the_import(tmp_path: Path, source: bytes) -> None:
    layer = lay(tmp_path / "layer", {"good.py": "import broken\nimport other", "other.py": ""})
    (layer / "broken.py").write_bytes(source)

    compiler.main(str(layer), str(tmp_path / "made"))

    assert made(tmp_path / "made") == {"good.py", "other.py"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    layer = lay(tmp_path / "layer", {"pkg/__init__.py": "import outside, secret"})
    lay(tmp_path, {"secret.py": "", "outside/__init__.py": ""})
    (layer / "outside").symlink_to(tmp_path / "outside")
    (layer / "secret.py").symlink_to(tmp_path / "secret.py")

    compiler.main(str(layer), str(tmp_path / "made"))

    assert made(tmp_path / "made") == {"pkg/__init__.py"}
