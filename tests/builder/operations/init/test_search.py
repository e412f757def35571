from pathlib import Path

import pytest

from builder.operations.init.search import Wishes, draft_of
from builder.operations.init.text import text_of
from builder.spec.layers_toml import load_config
from tests.builder.conftest import write_tree
from tests.builder.operations.init.test_python_project import BUILD, LISTED, PROJECT
from tests.builder.operations.init.test_sam import FUNCTIONS, LAYERS
from tests.builder.operations.init.test_serverless import TEXT
from tests.builder.operations.init.test_terraform_files import MODULE, RESOURCE

FOLDERS = {
    "empty": {"README": ""},
    "requirements": {"requirements.txt": "six\n"},
    "project": {"pyproject.toml": PROJECT + LISTED + BUILD, "acme_shop/__init__.py": ""},
    "list": {"pyproject.toml": PROJECT + LISTED, "uv.lock": ""},
    "setup": {"setup.py": "from setuptools import setup\n", "shop.py": ""},
    "sam": {"template.yaml": LAYERS, "common/requirements.txt": "six"},
    "sam functions": {"template.yaml": FUNCTIONS, "orders/requirements.txt": "six"},
    "serverless": {"serverless.yml": TEXT, "deps/prod.txt": "six"},
    "module": {"main.tf": MODULE.replace("/../", "/"), "deps/requirements.txt": "six"},
    "resource": {"main.tf": RESOURCE, "requirements.txt": "six"},
    "all": {
        "template.yaml": LAYERS,
        "common/requirements.txt": "six",
        "serverless.yml": TEXT,
        "deps/prod.txt": "six",
        "main.tf": RESOURCE,
        "requirements.txt": "six",
    },
}


@pytest.mark.parametrize("tree", FOLDERS.values(), ids=FOLDERS)
def test_every_folder_gets_a_file_that_can_be_used(tmp_path: Path, tree: dict[str, str]) -> None:
    root = write_tree(tmp_path / "Über 9 Läden", tree)
    (root / "layers.toml").write_text(text_of(draft_of(root, Wishes())), encoding="utf-8")
    assert load_config(root / "layers.toml").layers


def test_the_application_is_called_what_the_service_is(tmp_path: Path) -> None:
    tree = {**FOLDERS["serverless"], "pyproject.toml": PROJECT + LISTED}
    assert draft_of(write_tree(tmp_path / "here", tree), Wishes()).app == "shop"
    assert draft_of(tmp_path / "here", Wishes(app="till")).app == "till"
    (tmp_path / "here/serverless.yml").write_text(TEXT.replace("shop", "${env:NAME}"))
    assert draft_of(tmp_path / "here", Wishes()).app == "acme-shop"


def test_what_is_wished_for_is_not_looked_for(tmp_path: Path) -> None:
    root = write_tree(tmp_path, FOLDERS["sam"])
    wishes = Wishes("till", "deps", ("3.9",), "arm64", dependencies=("rich",))
    draft = draft_of(root, wishes)

    assert (draft.app, draft.python, draft.architecture) == ("till", ("3.9",), "arm64")
    ((name, keys),) = [(layer.name, layer.keys) for layer in draft.layers]
    assert (name, keys) == ("deps", {"dependencies": ("rich",)})


def test_what_layers_have_in_common_is_said_once(tmp_path: Path) -> None:
    draft = draft_of(write_tree(tmp_path, FOLDERS["all"]), Wishes())

    assert (draft.python, draft.architecture) == (("3.12",), "x86_64")
    assert [layer.name for layer in draft.layers] == ["common", "python-requirements"]
    assert [layer.architecture for layer in draft.layers] == ["", "arm64"]
    assert draft.remarks == (
        "main.tf, aws_lambda_layer_version.web: what it is made of is not said there; write a "
        "[layers.web]",
    )


def test_a_wish_for_the_runtime_holds_for_all_that_is_found(tmp_path: Path) -> None:
    root = write_tree(tmp_path, FOLDERS["serverless"])
    draft = draft_of(root, Wishes(python=("3.13",), architecture="x86_64"))
    assert [(layer.python, layer.architecture) for layer in draft.layers] == [((), "")]


def test_a_zip_is_taken_to_be_made_of_the_projects_list(tmp_path: Path) -> None:
    draft = draft_of(write_tree(tmp_path, FOLDERS["resource"]), Wishes())

    ((name, keys),) = [(layer.name, layer.keys) for layer in draft.layers]
    assert (name, keys) == ("web", {"requirements": "requirements.txt"})
    assert "see whether it is" in draft.all_remarks[0]


def test_an_empty_folder_gets_an_example_that_says_so(tmp_path: Path) -> None:
    draft = draft_of(write_tree(tmp_path / "9", FOLDERS["empty"]), Wishes())

    assert draft.app == "app"
    assert "has an example" in draft.all_remarks[0]
