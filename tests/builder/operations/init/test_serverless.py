from pathlib import Path

import pytest

from builder.operations.init.serverless import serverless_layers, service_of
from tests.builder.conftest import write_tree

TEXT = """
service: shop
provider: {name: aws, runtime: python3.12, architecture: arm64}
plugins: [serverless-python-requirements]
custom:
  pythonRequirements:
    fileName: deps/prod.txt
    layer: true
    noDeploy: [boto3, botocore, pytest]
"""


def test_the_plugins_layer_is_taken_over(tmp_path: Path) -> None:
    (layer,) = serverless_layers(
        write_tree(tmp_path, {"serverless.yml": TEXT, "deps/prod.txt": ""})
    )

    assert layer.name == "python-requirements"
    assert layer.keys == {
        "requirements": "deps/prod.txt",
        "slim": ["boto", "metadata", "stubs", "tests"],
    }
    assert (layer.python, layer.architecture) == (("3.12",), "arm64")
    assert "pytest" in layer.remarks[0]


def test_patterns_of_what_is_left_out_are_named(tmp_path: Path) -> None:
    text = TEXT.replace("    layer: true\n", "    slim: true\n    slimPatterns: ['**/docs/**']\n")
    (layer,) = serverless_layers(
        write_tree(tmp_path, {"serverless.yml": text, "deps/prod.txt": ""})
    )

    assert "slimPatterns are not taken over (**/docs/**)" in layer.remarks[-1]


def test_without_a_list_there_is_poetrys(tmp_path: Path) -> None:
    plain = "plugins: {modules: [serverless-python-requirements]}\n"
    poetry = '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nsix = "*"\n'
    tree = {"serverless.yml": plain, "pyproject.toml": poetry}
    (layer,) = serverless_layers(write_tree(tmp_path, tree))

    assert layer.keys == {"package": "."}
    assert layer.architecture == "x86_64"


def test_without_the_plugin_or_a_list_there_is_none(tmp_path: Path) -> None:
    assert serverless_layers(write_tree(tmp_path, {"serverless.yml": "service: a\n"})) == []
    assert serverless_layers(write_tree(tmp_path, {"serverless.yml": TEXT})) == []
    outside = TEXT.replace("deps/prod.txt", "../prod.txt")
    (tmp_path.parent / "prod.txt").write_text("six")
    assert serverless_layers(write_tree(tmp_path, {"serverless.yml": outside})) == []


def test_layers_that_are_folders_are_named(tmp_path: Path) -> None:
    folder = "layers: {common: {path: common}}\n"
    tree = {"serverless.yml": TEXT + folder, "deps/prod.txt": ""}
    (layer,) = serverless_layers(write_tree(tmp_path, tree))

    assert layer.remarks[-1].startswith("layers.common is not here: it is a folder as it is")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TEXT, "shop"),
        ("service: {name: shop}\n", "shop"),
        ("service: shop-${opt:stage}\n", ""),
        ("provider: {name: aws}\n", ""),
        ("service: [shop]\n", ""),
    ],
)
def test_the_service_has_a_name(tmp_path: Path, text: str, name: str) -> None:
    assert service_of(write_tree(tmp_path, {"serverless.yml": text})) == name
