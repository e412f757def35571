"""Layers of a pyproject.toml that only lists dependencies."""

from typing import TYPE_CHECKING

import pytest

from tests.builder.conftest import write_tree
from tests.worker.planned import planned

if TYPE_CHECKING:
    from pathlib import Path

    from builder.worker.request import Target
    from tests.worker.conftest import MakeBundle

UV_BUILD = '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n'
LIB = UV_BUILD + '[project]\nname = "lib"\nversion = "2.0"\n'
PEP_621 = """
[project]
name = "app"
version = "0"
dependencies = ["six<1.17", "lib", "colorama ; sys_platform == 'win32'"]
[project.optional-dependencies]
more = ["idna==3.9"]
[tool.uv]
package = false
[tool.uv.sources]
lib = { path = "../lib" }
"""
POETRY = """
[tool.poetry]
package-mode = false
[tool.poetry.dependencies]
python = ">=3.9"
six = "~1.16"
lib = { path = "../lib" }
colorama = { version = "*", platform = "win32" }
idna = { version = "3.9", optional = true }
[tool.poetry.extras]
more = ["idna"]
"""


@pytest.mark.slow
@pytest.mark.parametrize("text", [PEP_621, POETRY])
def test_a_list_with_its_own_packages_is_built(
    make_bundle: "MakeBundle", here: "Target", tmp_path: "Path", text: str
) -> None:
    root = tmp_path / "root"
    files = {
        "app/pyproject.toml": text,
        "app/main.py": "",
        "lib/pyproject.toml": LIB,
        "lib/src/lib/__init__.py": "",
    }
    write_tree(root, files)

    result = planned(make_bundle, here, root, package="app", extras=("more",))

    assert result.status == 0, result.errors
    packages = {p["name"]: p["version"] for p in result.manifest["packages"]}
    assert packages == {"six": "1.16.0", "lib": "2.0", "idna": "3.9"}
    assert "python/main.py" not in result.names
