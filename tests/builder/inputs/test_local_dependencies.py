"""What a package needs of the project comes along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.source_files import source_files
from tests.builder.conftest import spec_of, write_tree

NAMED = '[project]\nname = "{name}"\nversion = "1"\ndependencies = {needs}\n'
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def pyproject(name: str, needs: str = "[]", more: str = "") -> str:
    return BUILT + NAMED.format(name=name, needs=needs) + more


def project(root: Path, app: str, **more: str) -> None:
    """Write a package app, and the packages lib and other beside it."""
    files = {"app/pyproject.toml": app, "app/app.py": ""}
    for name in ("lib", "other"):
        files |= {f"libs/{name}/pyproject.toml": pyproject(name), f"libs/{name}/{name}.py": ""}
    write_tree(root, {**files, **more})


def folders(root: Path, **fields: Any) -> set[str]:
    """Return the folders that have input files."""
    files = source_files(spec_of(package="app", **fields), root)
    return {file.path.rpartition("/")[0] for file in files}


SOURCE = '[tool.uv.sources]\nlib = { path = "../libs/lib" }\n'
FORMS = {
    "uv": pyproject("app", '["Lib>=1"]', SOURCE),
    "uv, by target": pyproject(
        "app",
        '["lib"]',
        "[tool.uv.sources]\n"
        "lib = [{ path = '../libs/lib', marker = 'sys_platform == \"linux\"' }]\n",
    ),
    "a dependency of setuptools' own": pyproject("app").replace(
        "dependencies = []", 'dynamic = ["dependencies"]'
    )
    + SOURCE,
    "poetry": BUILT
    + '[tool.poetry.dependencies]\nlib = { path = "../libs/lib", develop = true }\n',
    "poetry, several": BUILT
    + '[tool.poetry.dependencies]\nlib = [{ path = "../libs/lib", python = ">=3.9" }]\n',
    "hatch": pyproject("app", '["lib @ {root:parent:uri}/libs/lib"]'),
    "hatch, up": pyproject("app", "[\"lib[x] @ {root:uri}/../libs/lib ; python_version > '3'\"]"),
    "pdm": pyproject("app", '["lib @ file:///${PROJECT_ROOT}/../libs/lib"]'),
    "an extra": pyproject("app", more=f'[project.optional-dependencies]\nx = ["lib"]\n{SOURCE}'),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_package_by_path_comes_along(tmp_path: Path, form: str) -> None:
    project(tmp_path, FORMS[form])

    extras = ("x",) if form == "an extra" else ()
    assert folders(tmp_path, extras=extras) == {"app", "libs/lib"}


@pytest.mark.parametrize(
    "app",
    [
        pyproject("app", more=SOURCE),
        pyproject("app", more=f'[dependency-groups]\ndev = ["lib"]\n{SOURCE}'),
        pyproject("app", more=f'[project.optional-dependencies]\nx = ["lib"]\n{SOURCE}'),
        BUILT + '[tool.poetry.group.dev.dependencies]\nlib = { path = "../../away" }\n',
        BUILT + '[tool.poetry.dependencies]\nlib = { path = "../../away", optional = true }\n',
    ],
)
def test_what_the_layer_does_not_need_stays_behind(tmp_path: Path, app: str) -> None:
    project(tmp_path, app)

    assert folders(tmp_path) == {"app"}


def test_what_a_dependency_needs_comes_along_too_also_in_a_circle(tmp_path: Path) -> None:
    project(tmp_path, FORMS["uv"])
    sources = '[tool.uv.sources]\nother = { path = "../other" }\napp = { path = "../../app" }\n'
    write_tree(tmp_path, {"libs/lib/pyproject.toml": pyproject("lib", '["other", "app"]', sources)})

    assert folders(tmp_path) == {"app", "libs/lib", "libs/other"}


def test_a_wheel_by_path_comes_along(tmp_path: Path) -> None:
    wheel = "wheels/lib-1-py3-none-any.whl"
    project(tmp_path, FORMS["uv"].replace("libs/lib", wheel), **{wheel: ""})

    assert folders(tmp_path) == {"app", "wheels"}


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("../../away", "Lib is outside the project"),
        ("/opt/lib", "Lib is outside the project"),
        ("../libs/gone", "there is no 'libs/gone'"),
    ],
)
def test_what_cannot_come_along_is_refused(tmp_path: Path, path: str, what: str) -> None:
    project(tmp_path, FORMS["uv"].replace("../libs/lib", path))

    with pytest.raises(SourceError, match=what) as caught:
        folders(tmp_path)

    assert "app/pyproject.toml" in caught.value.where + caught.value.expected


WORKSPACE = '[tool.uv.workspace]\nmembers = ["libs/*", "app"]\nexclude = ["libs/away"]\n'
BY_NAME = "[tool.uv.sources]\nlib = { workspace = true }\n"


@pytest.mark.parametrize("where", ["member", "root"])
def test_of_a_workspace_the_members_that_are_needed_and_the_root_come_along(
    tmp_path: Path, where: str
) -> None:
    app, root = pyproject("app", '["lib"]'), WORKSPACE
    app, root = (app + BY_NAME, root) if where == "member" else (app, root + BY_NAME)
    project(tmp_path, app, **{"pyproject.toml": root, "x.py": "", "libs/away/pyproject.toml": ""})

    files = [file.path for file in source_files(spec_of(package="app"), tmp_path)]

    assert files == [
        *("app/app.py", "app/pyproject.toml"),
        *("libs/lib/lib.py", "libs/lib/pyproject.toml", "pyproject.toml"),
    ]


def test_a_folder_that_is_no_member_is_by_itself(tmp_path: Path) -> None:
    root = WORKSPACE.replace(', "app"', "")
    project(tmp_path, pyproject("app"), **{"pyproject.toml": root})

    assert folders(tmp_path) == {"app"}


def test_a_workspaces_root_that_only_lists_is_a_list_with_its_members(tmp_path: Path) -> None:
    root = NAMED.format(name="root", needs='["lib"]') + WORKSPACE + BY_NAME
    project(tmp_path, pyproject("app"), **{"pyproject.toml": root, "README.md": ""})

    files = [file.path for file in source_files(spec_of(package="."), tmp_path)]

    assert files == ["libs/lib/lib.py", "libs/lib/pyproject.toml", "pyproject.toml"]


def test_a_password_in_a_workspaces_root_is_refused(tmp_path: Path) -> None:
    root = WORKSPACE + '[[tool.uv.index]]\nurl = "https://me:secret@index.example/simple"\n'
    project(tmp_path, pyproject("app"), **{"pyproject.toml": root})

    with pytest.raises(SourceError, match=r"password for index\.example"):
        folders(tmp_path)
