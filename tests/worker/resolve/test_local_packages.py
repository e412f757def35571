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


SETUP = """
import os
from setuptools import setup
NAME = "ol" + "der"
setup(name=NAME, version="1." + open("VERSION").read(), py_modules=["older"],
      install_requires=["six==1.17.0"], extras_require={"more": ["idna"]})
"""
OLDER = {"libs/older/setup.py": SETUP, "libs/older/older.py": "", "libs/older/VERSION": "4"}


@pytest.mark.slow
@pytest.mark.parametrize("line", ["./libs/older[more]", "-e ./libs/older"])
def test_a_folder_of_which_its_setup_py_alone_knows_the_name(
    make_bundle: "MakeBundle", line: str
) -> None:
    files = {**OLDER, "requirements.txt": f"{line} ; python_version > '3'\n"}

    result = make_bundle(files, requirements=["requirements.txt"]).run()

    assert result.status == 0, result.errors
    packages = [(package["name"], package["version"]) for package in result.manifest["packages"]]
    assert [p for p in packages if p[0] != "idna"] == [("older", "1.4"), ("six", "1.17.0")]
    assert ("python/idna/__init__.py" in result.names) == ("[more]" in line)


@pytest.mark.slow
def test_a_package_with_a_setup_py_alone_is_built(make_bundle: "MakeBundle") -> None:
    result = make_bundle(dict(OLDER), package="libs/older", extras=["more"]).run()

    assert result.status == 0, result.errors
    assert {"python/older.py", "python/six.py", "python/idna/__init__.py"} <= result.names


@pytest.mark.slow
def test_a_setup_py_that_fails_is_named(make_bundle: "MakeBundle") -> None:
    files = {**OLDER, "requirements.txt": "./libs/older\n"}
    files["libs/older/setup.py"] = "raise SystemExit('no VERSION here')\n"

    result = make_bundle(files, requirements=["requirements.txt"]).run()

    assert result.status == 1
    assert "a folder in the requirements cannot be built for python" in result.errors
    assert "no VERSION here" in result.errors
