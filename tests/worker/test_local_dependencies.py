"""Packages that need others of the project, planned and built."""

import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.builder.conftest import write_tree
from tests.patience import PATIENCE
from tests.worker.conftest import UV
from tests.worker.planned import planned

if TYPE_CHECKING:
    from pathlib import Path

    from builder.worker.request import Target
    from tests.worker.conftest import MakeBundle

UV_BUILD = '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n'
NAMED = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.9"\n'


def described(name: str, more: str = "dependencies = []\n") -> str:
    return UV_BUILD + NAMED.format(name=name) + more


@pytest.mark.slow
def test_a_member_of_a_workspace_is_built_with_those_it_needs_and_its_lock(
    make_bundle: "MakeBundle", here: "Target", tmp_path: "Path"
) -> None:
    root = tmp_path / "root"
    workspace = (
        '[tool.uv.workspace]\nmembers = ["app", "libs/*"]\n'
        "[tool.uv.sources]\nlib = { workspace = true }\ndeep = { workspace = true }\n"
    )
    files = {
        "pyproject.toml": workspace,
        "app/pyproject.toml": described("app", 'dependencies = ["lib", "six<=1.16.0"]\n'),
        "app/src/app/__init__.py": "import lib",
        "libs/lib/pyproject.toml": described("lib", 'dependencies = ["deep", "idna<=3.9"]\n'),
        "libs/lib/src/lib/__init__.py": "import deep",
        "libs/deep/pyproject.toml": described("deep"),
        "libs/deep/src/deep/__init__.py": "",
        "libs/unused/pyproject.toml": described("unused"),
        "libs/unused/src/unused/__init__.py": "",
    }
    write_tree(root, files)
    command = [str(UV), "lock", "-q", "--no-python-downloads"]
    subprocess.run(command, cwd=root, check=True, timeout=PATIENCE)
    # What was locked is kept to, also when there are newer versions since.
    for name in ("app", "libs/lib"):
        text = files[f"{name}/pyproject.toml"].replace("<=1.16.0", "").replace("<=3.9", "")
        (root / name / "pyproject.toml").write_text(text)

    result = planned(make_bundle, here, root, package="app")

    assert result.status == 0, result.errors
    packages = {p["name"]: p["version"] for p in result.manifest["packages"]}
    assert packages == {"app": "1", "lib": "1", "deep": "1", "six": "1.16.0", "idna": "3.9"}
    assert "keeping to uv.lock" in result.output


FORMS = {
    "hatch": (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        + NAMED.format(name="app")
        + 'dependencies = ["lib @ {root:parent:uri}/lib"]\n'
        "[tool.hatch.metadata]\nallow-direct-references = true\n"
        '[tool.hatch.build.targets.wheel]\npackages = ["src/app"]\n'
    ),
    "poetry": (
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
        '[tool.poetry]\nname = "app"\nversion = "1"\ndescription = ""\nauthors = []\n'
        'packages = [{ include = "app", from = "src" }]\n'
        '[tool.poetry.dependencies]\npython = ">=3.9"\nlib = { path = "../lib" }\n'
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_dependency_by_path_leaves_no_path_of_the_machine_in_the_layer(
    make_bundle: "MakeBundle", here: "Target", tmp_path: "Path", form: str
) -> None:
    root = tmp_path / "root"
    files = {
        "app/pyproject.toml": FORMS[form],
        "app/src/app/__init__.py": "import lib",
        "lib/pyproject.toml": described("lib"),
        "lib/src/lib/__init__.py": "",
    }
    write_tree(root, files)

    results = [planned(make_bundle, here, root, name, package="app") for name in ("one", "two")]

    assert [result.status for result in results] == [0, 0], results[0].errors
    layers = [(result.out / "layer.zip").read_bytes() for result in results]
    assert layers[0] == layers[1]
    with zipfile.ZipFile(results[0].out / "layer.zip") as archive:
        metadata = archive.read("python/app-1.dist-info/METADATA").decode()
    assert "Requires-Dist: lib\n" in metadata
    assert "python/lib/__init__.py" in results[0].names


@pytest.mark.slow
def test_a_package_takes_the_folder_that_it_names_not_one_of_the_root(
    make_bundle: "MakeBundle", here: "Target", tmp_path: "Path"
) -> None:
    sources = '[tool.uv.sources]\nnear = { path = "lib" }\nfar = { path = "../lib" }\n'
    files = {
        "app/pyproject.toml": described("app", f'dependencies = ["near", "far"]\n{sources}'),
        "app/src/app/__init__.py": "import near, far",
        "app/lib/pyproject.toml": described("near"),
        "app/lib/src/near/__init__.py": "",
        "lib/pyproject.toml": described("far"),
        "lib/src/far/__init__.py": "",
    }

    result = planned(make_bundle, here, write_tree(tmp_path / "root", files), package="app")

    assert result.status == 0, result.errors
    assert {p["name"] for p in result.manifest["packages"]} == {"app", "near", "far"}
