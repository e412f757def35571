"""Builds of the project's own packages."""

from typing import TYPE_CHECKING

import pytest

from tests.worker.samples import mine

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

DYNAMIC = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "mine"
dynamic = ["version", "dependencies"]

[tool.setuptools.dynamic]
version = { attr = "mine.__version__" }
dependencies = { file = ["needs.txt"] }

[tool.setuptools.package-data]
mine = ["*.csv"]
"""


@pytest.mark.slow
def test_a_package_with_dynamic_metadata_and_data_files_is_built_whole(
    make_bundle: "MakeBundle",
) -> None:
    files = {**mine(**{"rates.csv": "a,b\n"}), "libs/mine/needs.txt": "six==1.17.0\n"}
    files["libs/mine/pyproject.toml"] = DYNAMIC

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 0, result.errors
    assert {"python/mine/__init__.py", "python/mine/rates.csv", "python/six.py"} <= result.names
    packages = [(package["name"], package["version"]) for package in result.manifest["packages"]]
    assert packages == [("mine", "3.2"), ("six", "1.17.0")]
    assert result.manifest["files"] == len(result.names)
    lock = next(result.out.glob("lock-*.txt")).read_text()
    assert "# mine 3.2 is built from libs/mine" in lock
    assert str(result.out.parent) not in lock


@pytest.mark.slow
def test_local_dependencies_inside_the_project_come_along(make_bundle: "MakeBundle") -> None:
    files = mine(dependencies='["helper"]', **{"work.py": "import helper"})
    files["libs/mine/pyproject.toml"] += '\n[tool.uv.sources]\nhelper = { path = "../helper" }\n'
    files["libs/helper/pyproject.toml"] = '[project]\nname = "helper"\nversion = "0.1"\n'
    files["libs/helper/helper.py"] = ""

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 0, result.errors
    assert {"python/mine/work.py", "python/helper.py"} <= result.names
