"""Lock files of a package folder become pinned requirements, or are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import SourceError
from builder.inputs.locks.project_lock import lock_of, locked_requirements, read_locked
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import LayerSpec
from tests.patience import PATIENCE

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


def convert(
    name: str, content: str, pyproject: str = PYPROJECT, spec: LayerSpec | None = None
) -> str:
    path = f"pkg/{name}"
    made = locked_requirements(spec or spec_of(), path, content.encode(), pyproject.encode())
    return made.decode()


def pins(text: str) -> list[str]:
    """Return the lines of a converted lock without hashes."""
    return [line.rstrip(" \\") for line in text.splitlines()[1:] if "--hash" not in line]


def uv_locked(folder: Path, pyproject: str, **files: str) -> str:
    """Return the uv.lock that the real uv makes of a pyproject.toml."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(pyproject)
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run(
        [UV, "lock", "-q", "--no-python-downloads"], cwd=folder, check=True, timeout=PATIENCE
    )
    return (folder / "uv.lock").read_text()


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
        subprocess.run(command, cwd=root / "pkg", check=True, timeout=PATIENCE)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_what_uv_wrote_is_read_with_its_forks_and_hashes(project: Path, name: str) -> None:
    text = convert(name, (project / "pkg" / name).read_text())
    assert text.startswith(f"# pkg/{name}\n")
    assert "idna==3.9 \\\n    --hash=sha256:" in text
    assert len([line for line in pins(text) if line.startswith("numpy==")]) == 1
    assert "demo" not in text


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_each_python_of_a_layer_gets_its_own_fork_of_a_lock(project: Path, name: str) -> None:
    spec = LayerSpec("web", ("3.9", "3.12"), "arm64", package="pkg")

    found = pins(convert(name, (project / "pkg" / name).read_text(), spec=spec))

    assert 'numpy==2.0.2 ; python_version == "3.9"' in found
    assert len([line for line in found if line.endswith('; python_version == "3.12"')]) == 1


CONFLICT = """\
[project]
name = "conf"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["six"]
[project.optional-dependencies]
old = ["idna<3.5"]
new = ["idna>=3.6"]
[tool.uv]
conflicts = [[{ extra = "old" }, { extra = "new" }]]
"""


@pytest.mark.slow
@pytest.mark.parametrize(("extra", "starts"), [("old", "idna==3.4"), ("new", "idna==3.")])
def test_of_extras_that_exclude_each_other_the_layers_own_counts(
    tmp_path: Path, extra: str, starts: str
) -> None:
    spec = LayerSpec("web", ("3.12",), "arm64", package="pkg", extras=(extra,))

    text = convert("uv.lock", uv_locked(tmp_path / "conf", CONFLICT), CONFLICT, spec)

    (idna,) = [line for line in pins(text) if line.startswith("idna")]
    assert idna.startswith(starts)
    assert (idna == "idna==3.4") == (extra == "old")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.email=a@example.com", "-c", "user.name=a", *words]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """A git repository with a package in a subfolder; return it with its first commit."""
    folder = tmp_path / "repository"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "pyproject.toml").write_text('[project]\nname = "deep"\nversion = "1"\n')
    (folder / "deep" / "deep.py").write_text("")
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.mark.slow
def test_what_comes_from_git_keeps_to_its_locked_commit(
    tmp_path: Path, repository: tuple[Path, str]
) -> None:
    folder, commit = repository
    pyproject = (
        '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11"\n'
        "dependencies = [\"deep ; sys_platform != 'win32'\"]\n"
        f'[tool.uv.sources]\ndeep = {{ git = "file://{folder}", subdirectory = "deep" }}\n'
    )
    locked = uv_locked(tmp_path / "demo", pyproject)

    (pin,) = pins(convert("uv.lock", locked, pyproject))

    assert pin.startswith(f"deep @ git+file://{folder}@{commit}#subdirectory=deep ; ")
    assert "win32" in pin


def test_poetry_and_pylock_name_commits_in_their_own_ways() -> None:
    pyproject = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["deep"]\n'
    poetry = (
        '[[package]]\nname = "deep"\nversion = "1"\n[package.source]\ntype = "git"\n'
        'url = "https://git.example/deep"\nreference = "main"\nresolved_reference = "abc"\n'
    )
    pylock = (
        'lock-version = "1.0"\n[[packages]]\nname = "deep"\nversion = "1"\n'
        'vcs = { type = "git", url = "https://git.example/deep", commit-id = "abc" }\n'
    )

    assert pins(convert("poetry.lock", poetry, pyproject)) == [
        "deep @ git+https://git.example/deep@abc"
    ]
    assert pins(convert("pylock.toml", pylock, pyproject)) == [
        "deep @ git+https://git.example/deep@abc"
    ]


def test_an_extra_in_a_marker_of_poetry_holds_for_a_layer_with_that_extra() -> None:
    locked = POETRY.replace("python_version < '3.10'", "extra == 'old'").replace(
        "python_version >= '3.10'", "extra == 'new'"
    )
    spec = LayerSpec("web", ("3.12",), "arm64", package="pkg", extras=("old",))

    assert "numpy==2.0.2" in pins(convert("poetry.lock", locked, spec=spec))


def test_a_lock_of_poetry_is_read_with_its_markers() -> None:
    text = convert("poetry.lock", POETRY)
    assert "idna==3.9 \\\n    --hash=sha256:aa" in text
    assert pins(text) == ["idna==3.9", "numpy==2.2.6"]


def test_what_poetry_has_from_an_index_of_ones_own_is_pinned_like_all_else() -> None:
    source = '[package.source]\ntype = "legacy"\nurl = "https://packages.example/simple"\n'
    locked = POETRY.replace("\n\n[[package]]", f"\n{source}\n[[package]]", 1)

    assert "idna==3.9" in pins(convert("poetry.lock", locked))


def test_several_versions_without_a_marker_are_refused() -> None:
    with pytest.raises(SourceError, match=r"numpy 2\.0\.2 and 2\.2\.6 for python3\.12"):
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
