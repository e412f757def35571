from pathlib import Path

import pytest

from builder.operations.init.python_project import app_of, project_layer, python_of
from tests.builder.conftest import write_tree

PROJECT = '[project]\nname = "Acme.Shop"\nversion = "1"\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
LISTED = 'dependencies = ["six"]\n'


def keys(root: Path) -> object:
    layer = project_layer(root, "web")
    return layer and layer.keys


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"requirements.txt": "six"}, {"requirements": "requirements.txt"}),
        ({"requirements/prod.txt": "six"}, {"requirements": "requirements/prod.txt"}),
        ({"pyproject.toml": PROJECT + LISTED}, {"package": "."}),
        ({"pyproject.toml": PROJECT + BUILD, "acme.py": ""}, {"package": "."}),
        ({"pyproject.toml": PROJECT + BUILD, "venvs/__init__.py": ""}, {"package": "."}),
        ({"pyproject.toml": PROJECT + BUILD, "venv/lib/six.py": ""}, None),
        ({"pyproject.toml": "[tool.ruff]\n", "requirements.txt": ""},
         {"requirements": "requirements.txt"}),
        ({"pyproject.toml": PROJECT, "requirements.txt": ""},
         {"requirements": "requirements.txt"}),
        ({"setup.py": ""}, {"package": "."}),
        ({"setup.py": "", "pyproject.toml": "[tool.ruff]\n"}, {"package": "."}),
        ({"setup.py": "", "requirements.txt": ""}, {"requirements": "requirements.txt"}),
        ({"pyproject.toml": "[[[", "requirements.txt": ""}, {"requirements": "requirements.txt"}),
        ({"pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nsix = "*"\n'},
         {"package": "."}),
    ],
)  # fmt: skip
def test_the_layer_is_what_the_project_lists(
    tmp_path: Path, files: dict[str, str], expected: object
) -> None:
    write_tree(tmp_path, files)
    assert keys(tmp_path) == expected


def test_a_lock_is_named_and_what_else_there_is_to_know(tmp_path: Path) -> None:
    tree = {"pyproject.toml": PROJECT + LISTED, "uv.lock": "", "requirements.txt": "", "x.py": ""}
    layer = project_layer(write_tree(tmp_path, tree), "web")

    assert layer is not None
    assert "uv.lock" in layer.origin
    assert "package = false" in layer.remarks[0]
    assert "requirements.txt is not used" in layer.remarks[1]


def test_beside_a_list_of_requirements_it_is_said_what_setup_py_is_for(tmp_path: Path) -> None:
    layer = project_layer(write_tree(tmp_path, {"setup.py": "", "requirements.txt": ""}), "web")

    assert layer is not None
    (remark,) = layer.remarks
    assert "without the package of setup.py" in remark
    assert 'package = "."' in remark


def test_one_that_declares_itself_a_list_needs_no_advice(tmp_path: Path) -> None:
    text = PROJECT + LISTED + "[tool.uv]\npackage = false\n"
    layer = project_layer(write_tree(tmp_path, {"pyproject.toml": text}), "web")
    assert layer is not None
    assert layer.remarks == ()


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({}, "3.13"),
        ({".python-version": "3.12.4\n"}, "3.12"),
        ({".python-version": "pypy3.10\n"}, "3.13"),
        ({".python-version": "3.7\n"}, "3.13"),
        ({"pyproject.toml": f'{PROJECT}requires-python = ">=3.9"\n'}, "3.13"),
        ({"pyproject.toml": f'{PROJECT}requires-python = ">=3.10,<3.12"\n'}, "3.11"),
        ({"pyproject.toml": f'{PROJECT}requires-python = ">=3.14"\n'}, "3.14"),
        ({"pyproject.toml": f'{PROJECT}requires-python = ">=3.12.2,<3.13"\n'}, "3.12"),
        ({"pyproject.toml": f'{PROJECT}requires-python = "what?"\n'}, "3.13"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11"\n'}, "3.11"),
    ],
)
def test_the_python_is_the_projects(tmp_path: Path, files: dict[str, str], python: str) -> None:
    assert python_of(write_tree(tmp_path, files)) == (python,)


def test_an_application_is_called_like_its_project(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "billing", {"a.txt": ""})
    assert app_of(folder) == "billing"
    assert app_of(write_tree(folder, {"pyproject.toml": PROJECT})) == "Acme.Shop"
