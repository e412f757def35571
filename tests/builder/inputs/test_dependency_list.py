"""A pyproject.toml that only lists dependencies is the whole input."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.dependency_list import read_listed
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import LayerSpec
from tests.builder.conftest import spec_of, write_tree

PROJECT = '[project]\nname = "x"\nversion = "0"\ndependencies = ["six"]\n'
POETRY = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nsix = "^1.16"\n'
VIRTUAL = PROJECT + "[tool.uv]\npackage = false\n"


def spec(**fields: Any) -> LayerSpec:
    return spec_of(package="app", **fields)


def paths(root: Path, **fields: Any) -> list[str]:
    return [file.path for file in source_files(spec(**fields), root)]


def listed(root: Path, **fields: Any) -> dict[str, Any] | None:
    content = read_listed(spec(**fields), root, paths(root, **fields))
    return None if content is None else tomllib.loads(content.decode())


@pytest.mark.parametrize("text", [VIRTUAL, POETRY])
def test_of_what_says_that_it_is_no_package_only_the_list_is_an_input(
    tmp_path: Path, text: str
) -> None:
    write_tree(tmp_path, {"app/pyproject.toml": text, "app/main.py": "", "app/README.md": ""})

    assert paths(tmp_path) == ["app/pyproject.toml"]
    assert listed(tmp_path) is not None


def test_without_code_and_build_system_it_is_a_list(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/pyproject.toml": PROJECT, "app/README.md": ""})

    assert paths(tmp_path) == ["app/pyproject.toml"]
    assert listed(tmp_path) == tomllib.loads(PROJECT)


def test_with_code_and_nothing_said_it_is_a_package(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/pyproject.toml": PROJECT, "app/main.py": ""})

    assert paths(tmp_path) == ["app/main.py", "app/pyproject.toml"]
    assert listed(tmp_path) is None


def test_poetrys_list_is_given_in_the_form_of_pep_621(tmp_path: Path) -> None:
    more = '\nlib = { path = "../lib" }\n[tool.poetry.extras]\nall = ["six"]\n'
    write_tree(tmp_path, {"app/pyproject.toml": POETRY + more})
    write_tree(tmp_path, {"lib/pyproject.toml": '[project]\nname = "lib"\nversion = "1"\n'})

    assert listed(tmp_path, extras=("all",)) == {
        "project": {
            "name": "listed",
            "version": "0",
            "dependencies": ["six<2,>=1.16", "lib"],
            "optional-dependencies": {"all": ["six<2,>=1.16"]},
        },
        "tool": {"uv": {"sources": {"lib": {"path": "../lib"}}}},
    }


def test_a_project_without_a_version_is_a_list_too(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\ndependencies = ["six"]\n[tool.poetry]\npackage-mode = false\n'
    write_tree(tmp_path, {"app/pyproject.toml": text})

    found = listed(tmp_path)

    assert found is not None
    assert found["project"]["dependencies"] == ["six"]


def test_a_lock_beside_a_list_is_an_input_and_must_fit_it(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "six"\nversion = "1.15.0"\nfiles = []\n'
    write_tree(tmp_path, {"app/pyproject.toml": POETRY, "app/poetry.lock": lock})

    with pytest.raises(SourceError, match=r"poetry\.lock has six 1\.15\.0, not six<2,>=1\.16"):
        paths(tmp_path)

    write_tree(tmp_path, {"app/poetry.lock": lock.replace("1.15", "1.17")})
    assert paths(tmp_path) == ["app/poetry.lock", "app/pyproject.toml"]


@pytest.mark.parametrize(
    ("text", "fields", "what"),
    [
        ("[tool.uv]\npackage = false\n", {}, "lists no dependencies"),
        (POETRY.replace("^1.16", "^1 || ^2"), {}, "six: '\\^1 \\|\\| \\^2' has alternatives"),
        (VIRTUAL, {"extras": ("nope",)}, "has no extra 'nope'"),
        (VIRTUAL + "x =", {}, "is not TOML"),
        (PROJECT.replace("six", "s @ https://me:pw@h.example/s.zip") + "[tool.uv]\npackage = false",
         {}, "password for"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, fields: dict[str, Any], what: str
) -> None:
    write_tree(tmp_path, {"app/pyproject.toml": text})

    with pytest.raises(SourceError, match=what) as caught:
        paths(tmp_path, **fields)

    assert caught.value.fix
