from pathlib import Path

import pytest

from builder.operations.init.search import Wishes, draft_of
from builder.operations.init.subfolders import REMARK, subfolder_layers
from tests.builder.conftest import write_tree
from tests.builder.operations.init.test_python_project import BUILD, LISTED, PROJECT


def test_each_subfolder_with_a_list_has_a_layer(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "services/orders/pyproject.toml": PROJECT + LISTED + BUILD,
            "services/orders/acme_shop/__init__.py": "",
            "services/orders/tools/requirements.txt": "six\n",
            "services/Mail Service/requirements.txt": "six\n",
            "a/b/c/requirements.txt": "six\n",
        },
    )
    found = subfolder_layers(root, "dependencies")
    assert [(layer.name, layer.origin, dict(layer.keys)) for layer in found] == [
        ("c", "a/b/c/requirements.txt", {"requirements": "a/b/c/requirements.txt"}),
        (
            "mail-service",
            "services/Mail Service/requirements.txt",
            {"requirements": "services/Mail Service/requirements.txt"},
        ),
        ("orders", "services/orders/pyproject.toml", {"package": "services/orders"}),
    ]
    assert found[0].remarks == (REMARK,)


def test_lists_that_no_function_runs_with_are_left_out(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "tests/requirements.txt": "pytest\n",
            "node_modules/x/requirements.txt": "six\n",
            ".hidden/requirements.txt": "six\n",
            "my-env/pyvenv.cfg": "",
            "my-env/requirements.txt": "six\n",
            "a/b/c/d/requirements.txt": "six\n",
        },
    )
    assert subfolder_layers(root, "dependencies") == []


def test_a_list_at_the_root_is_the_layer_alone(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"requirements.txt": "six\n", "a/requirements.txt": "six\n"})
    assert [layer.origin for layer in draft_of(root, Wishes()).layers] == ["requirements.txt"]


@pytest.mark.parametrize(
    "rest",
    [
        "[tool.uv]\npackage = false\n",
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n[dependency-groups]\ndev = ["six"]\n',
    ],
)
def test_a_workspace_whose_root_lists_nothing_is_its_members(tmp_path: Path, rest: str) -> None:
    root = write_tree(
        tmp_path,
        {
            "pyproject.toml": PROJECT + "dependencies = []\n" + rest,
            "packages/orders/pyproject.toml": PROJECT + LISTED + BUILD,
        },
    )
    (layer,) = draft_of(root, Wishes()).layers
    assert (layer.name, dict(layer.keys)) == ("orders", {"package": "packages/orders"})


def test_a_pipfile_alone_is_told_what_to_do_with(tmp_path: Path) -> None:
    draft = draft_of(write_tree(tmp_path, {"Pipfile": "[packages]\n"}), Wishes())
    assert any("pipenv requirements > requirements.txt" in remark for remark in draft.all_remarks)
