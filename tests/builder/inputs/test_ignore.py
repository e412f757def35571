from pathlib import Path
from typing import Any

import pytest

from builder.inputs.source_files import source_files
from tests.builder.conftest import ALWAYS, PACKAGE, package, spec_of, write_tree
from tests.builder.repositories import git


def paths(root: Path, **fields: Any) -> list[str]:
    """Return the input files of a layer of the package src, unless another is named."""
    return [file.path for file in source_files(spec_of(**{"package": "src", **fields}), root)]


@pytest.mark.parametrize(
    "name",
    [
        ".git/HEAD",
        "web/.git",
        ".hg/x",
        "web/__pycache__/app.cpython-312.pyc",
        "web/app.pyc",
        "web.egg-info/PKG-INFO",
        ".venv/lib/x.py",
        ".tox/x",
        ".nox/x",
        ".mypy_cache/x",
        "web/.pytest_cache/x",
        ".hypothesis/x",
        ".coverage",
        "build/lib/web/app.py",
        "build/temp.linux-x86_64-cpython-312/x.o",
        "dist/web-1.0.tar.gz",
        "dist/web-1.0-py3-none-any.whl",
        "node_modules/x/index.js",
        "cdktf.out/manifest.json",
        ".terraform/x",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "infra/main.tf",
        "infra/prod.tfvars",
        "infra/layers.tf.json",
        ".terraform.lock.hcl",
        ".DS_Store",
        "web/Thumbs.db",
        ".idea/workspace.xml",
        ".vscode/settings.json",
        "web/.app.py.swp",
        "web/app.py~",
        "web/#app.py#",
    ],
)
def test_what_tools_and_editors_leave_behind_is_no_input(tmp_path: Path, name: str) -> None:
    package(tmp_path, {name: "x"})

    assert paths(tmp_path) == ALWAYS


@pytest.mark.parametrize(
    "name",
    [
        "web/template.tf",
        "web/templates/main.tf",
        "web/build/__init__.py",
        "web/dist/__init__.py",
        "web/data/empty.txt",
        "web/data/movie.swf",
        "web/py.typed",
        "README.md",
        "web/data/größe und maß.txt",
        "web/data/a#b.txt",
        "uv.lock",
        ".gitignore",
        "web/.hidden/x.txt",
        "build/__init__.py",
        "build/helpers.py",
        "dist/style.css",
        "venv/lib.py",
        "web/static/node_modules/x/index.js",
        "web/without_source.pyc",
        "web/vendor/x.egg-info/installed-files.txt",
    ],
)
def test_what_belongs_to_the_package_is_an_input(tmp_path: Path, name: str) -> None:
    package(tmp_path, {name: ""})

    assert paths(tmp_path) == sorted([*ALWAYS, f"src/{name}"])


def test_the_file_that_describes_the_layers_is_no_input_of_a_package_beside_it(
    tmp_path: Path,
) -> None:
    write_tree(tmp_path, {**PACKAGE, "layers.toml": "[app]"})

    assert paths(tmp_path, package=".") == ["pyproject.toml", "web/__init__.py", "web/app.py"]


def test_a_virtual_environment_by_any_name_is_no_input(tmp_path: Path) -> None:
    package(tmp_path, {"env312/pyvenv.cfg": "", "env312/lib/x.py": ""})

    assert paths(tmp_path) == ALWAYS


def test_a_virtual_environment_elsewhere_that_is_linked_here_is_no_input(tmp_path: Path) -> None:
    package(tmp_path / "project")
    write_tree(tmp_path, {"envs/web/pyvenv.cfg": ""})
    (tmp_path / "project/src/.venv").symlink_to(tmp_path / "envs/web")

    assert paths(tmp_path / "project") == ALWAYS


def test_excluded_files_are_no_input(tmp_path: Path) -> None:
    package(tmp_path, {"tests/test_web.py": "", "web/big.bin": "", "web/keep.bin": ""})

    excluding = paths(tmp_path, exclude=("tests/", "*.bin", "!keep.bin"))

    assert excluding == sorted([*ALWAYS, "src/web/keep.bin"])


def test_excludes_are_relative_to_the_package(tmp_path: Path) -> None:
    package(tmp_path, {"web/data/x.txt": "", "data/x.txt": ""})

    assert paths(tmp_path, exclude=("/data",)) == sorted([*ALWAYS, "src/web/data/x.txt"])


IGNORES: dict[str, dict[str, str]] = {
    "one at the top": {".gitignore": "*.log\nsecret/\n", "src/web/x.log": "", "src/secret/k": ""},
    "one in the package": {"src/.gitignore": "*.log\n", "src/web/x.log": "", "src/x.txt": ""},
    "nested ones": {
        ".gitignore": "*.log\n",
        "src/web/.gitignore": "!keep.log\n",
        "src/web/keep.log": "",
        "src/web/lose.log": "",
        "src/lose.log": "",
    },
    "anchored patterns": {
        "src/.gitignore": "/data\nweb/only.txt\n",
        "src/data/x": "",
        "src/web/data/x": "",
        "src/web/only.txt": "",
        "src/deep/web/only.txt": "",
    },
    "a folder cannot be half taken back": {
        ".gitignore": "generated/\n!generated/keep.py\n",
        "src/generated/keep.py": "",
    },
    "the content of a folder can": {
        ".gitignore": "src/generated/*\n!src/generated/keep.py\n",
        "src/generated/keep.py": "",
        "src/generated/lose.py": "",
    },
    "a nearer file that takes a folder back": {
        ".gitignore": "data/\n",
        "src/.gitignore": "!data/\n",
        "src/data/x.txt": "",
    },
    "two stars": {".gitignore": "src/**/tmp\na/**\n", "src/a/b/tmp/x": "", "src/web/tmp": ""},
    "odd lines": {
        "src/.gitignore": "# comment\n\n\\#file\n*.tmp   \nspace\\ \n[ab].txt\n",
        "src/#file": "",
        "src/x.tmp": "",
        "src/a.txt": "",
        "src/c.txt": "",
        "src/space ": "",
    },
    "windows line ends": {"src/.gitignore": "*.log\r\n", "src/x.log": ""},
    "a pattern for folders spares files": {"src/.gitignore": "thing/\n", "src/thing": ""},
    "non-ascii names": {"src/.gitignore": "größe*\n", "src/größe.txt": "", "src/maß.txt": ""},
    "an ignore file that ignores itself": {"src/.gitignore": ".gitignore\n", "src/x.txt": ""},
}


@pytest.mark.parametrize("case", IGNORES)
def test_gits_ignore_files_mean_what_git_says(tmp_path: Path, case: str) -> None:
    package(tmp_path, IGNORES[case])
    git(tmp_path, "init", "--quiet")
    listed = git(tmp_path, "ls-files", "-z", "--others", "--exclude-standard", "src")

    assert paths(tmp_path) == sorted(listed.rstrip("\0").split("\0"))


def test_ignore_files_above_the_project_count_up_to_the_top_of_the_repository(
    tmp_path: Path,
) -> None:
    write_tree(tmp_path, {".gitignore": "*.py\n", "repo/.gitignore": "*.log\n"})
    package(tmp_path / "repo/project", {"x.log": ""})
    git(tmp_path / "repo", "init", "--quiet")

    assert paths(tmp_path / "repo/project") == ALWAYS


def test_a_package_that_git_ignores_as_a_whole_was_named_on_purpose(tmp_path: Path) -> None:
    write_tree(tmp_path, {".gitignore": "/src\n*.log\n", "src/__pycache__/x.pyc": ""})
    package(tmp_path, {"web/x.log": ""})
    git(tmp_path, "init", "--quiet")

    assert paths(tmp_path) == sorted([*ALWAYS, "src/web/x.log"])


def test_a_package_inside_an_ignored_folder_was_named_on_purpose(tmp_path: Path) -> None:
    write_tree(tmp_path, {".gitignore": "generated/\n"})
    package(tmp_path / "generated")
    git(tmp_path, "init", "--quiet")

    assert paths(tmp_path, package="generated/src") == [f"generated/{path}" for path in ALWAYS]


def test_a_project_that_an_outer_repository_ignores_reads_as_anywhere_else(tmp_path: Path) -> None:
    outer, elsewhere = tmp_path / "outer", tmp_path / "elsewhere"
    write_tree(outer, {".gitignore": ".demo/\n*.log\n"})
    git(outer, "init", "--quiet")
    for project in (outer / ".demo/project", elsewhere):
        package(project, {"x.log": "", "build/lib/x.py": ""})

    assert paths(outer / ".demo/project") == paths(elsewhere) == sorted([*ALWAYS, "src/x.log"])
