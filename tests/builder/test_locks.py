"""Lock files of a package folder become pinned requirements, or are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import SourceError
from builder.locks import lock_of, locked_requirements, read_locked
from builder.source import source_files
from builder.spec import LayerSpec

UV = Path(sys.executable).with_name("uv")
PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["idna<3.10", "colorama; sys_platform == 'win32'", "numpy"]
"""
POETRY = """\
[[package]]
name = "idna"
version = "3.9"
files = [{file = "idna-3.9-py3-none-any.whl", hash = "sha256:aa"}]

[[package]]
name = "numpy"
version = "2.0.2"
markers = "python_version < '3.10'"
files = []

[[package]]
name = "numpy"
version = "2.2.6"
markers = { main = "python_version >= '3.10'" }
files = []
"""


def spec_of(python: str = "3.12") -> LayerSpec:
    return LayerSpec(name="web", python=(python,), architecture="arm64", package="pkg")


def convert(name: str, content: str, pyproject: str = PYPROJECT) -> str:
    path = f"pkg/{name}"
    return locked_requirements(spec_of(), path, content.encode(), pyproject.encode()).decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a package that uv has really locked, in both of its forms."""
    root = tmp_path_factory.mktemp("locked")
    (root / "pkg").mkdir()
    (root / "pkg" / "pyproject.toml").write_text(PYPROJECT)
    (root / "pkg" / "demo.py").write_text("")
    export = ["export", "--format", "pylock.toml", "-o", "pylock.toml"]
    for words in (["lock"], export):
        command = [str(UV), *words, "-q", "--no-python-downloads"]
        subprocess.run(command, cwd=root / "pkg", check=True, timeout=120)
    return root


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_what_uv_wrote_is_read_with_its_forks_and_hashes(project: Path, name: str) -> None:
    text = convert(name, (project / "pkg" / name).read_text())
    assert text.startswith(f"# pkg/{name}\n")
    assert "idna==3.9 \\\n    --hash=sha256:" in text
    assert "numpy==2.0.2 ; python_full_version < " in text
    assert "demo" not in text


def test_a_lock_of_poetry_is_read_with_its_markers() -> None:
    text = convert("poetry.lock", POETRY)
    assert "idna==3.9 \\\n    --hash=sha256:aa" in text
    assert 'numpy==2.2.6 ; python_version >= "3.10"' in text


def test_several_versions_without_a_marker_are_refused() -> None:
    with pytest.raises(SourceError, match="several versions of numpy"):
        convert("poetry.lock", POETRY.replace("markers = \"python_version < '3.10'\"", ""))


def test_a_lock_with_another_version_than_pyproject_allows_is_refused() -> None:
    with pytest.raises(SourceError, match=r"poetry\.lock has idna 3\.9, not idna<3\.9") as caught:
        convert("poetry.lock", POETRY, PYPROJECT.replace("idna<3.10", "idna<3.9"))
    assert "poetry lock" in caught.value.fix


def test_a_lock_without_a_new_dependency_is_refused_before_any_build(project: Path) -> None:
    pyproject = project / "pkg" / "pyproject.toml"
    before = pyproject.read_text()
    pyproject.write_text(before.replace('"numpy"', '"numpy", "six"'))
    try:
        with pytest.raises(SourceError, match="does not have six"):
            source_files(spec_of(), project)
    finally:
        pyproject.write_text(before)


def test_an_unknown_version_of_the_format_is_refused() -> None:
    with pytest.raises(SourceError, match=r"lock-version 2\.0"):
        convert("pylock.toml", 'lock-version = "2.0"\n')


def test_what_is_not_toml_is_refused() -> None:
    with pytest.raises(SourceError, match="not TOML"):
        convert("uv.lock", "<<<<<<< HEAD\n")


def test_pylock_goes_before_uv_lock_before_poetry_lock() -> None:
    names = {"pkg/pylock.toml", "pkg/uv.lock", "pkg/poetry.lock"}
    assert lock_of(spec_of(), names) == "pkg/pylock.toml"
    assert lock_of(spec_of(), names - {"pkg/pylock.toml"}) == "pkg/uv.lock"
    assert lock_of(spec_of(), {"pkg/poetry.lock"}) == "pkg/poetry.lock"


def test_a_package_without_a_lock_has_none(tmp_path: Path) -> None:
    assert read_locked(spec_of(), tmp_path, {"pkg/demo.py"}) is None
