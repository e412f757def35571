"""Layers of a pyproject.toml that only lists dependencies."""

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from tests.builder.conftest import spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from builder.worker.request import Target
    from tests.worker.conftest import MakeBundle, Result

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


def planned(make_bundle: "MakeBundle", here: "Target", root: "Path", **fields: Any) -> "Result":
    """Build what the plan bundles of a project."""
    made = make_bundle(package="x")
    spec = spec_of(python=(here.python,), architecture=here.architecture, **fields)
    content = bundle(spec, root, source_files(spec, root), "0" * 64)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(made.path)
    return made.run()


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
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)

    # Until the plan follows paths, the requirements name the package.
    (root / "r.txt").write_text("./lib\n")
    fields = {"package": "app", "extras": ("more",), "requirements": ("r.txt",)}
    result = planned(make_bundle, here, root, **fields)

    assert result.status == 0, result.errors
    packages = {p["name"]: p["version"] for p in result.manifest["packages"]}
    assert packages == {"six": "1.16.0", "lib": "2.0", "idna": "3.9"}
    assert "python/main.py" not in result.names
