from pathlib import Path

from builder.operations.init.sam import sam_layers
from tests.builder.conftest import write_tree

HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
LAYERS = (
    HEAD
    + """
Globals:
  Function:
    Runtime: python3.11
    Architectures: [arm64]
Resources:
  CommonLayer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: !Sub "${AWS::StackName}-common"
      ContentUri: common/
      CompatibleRuntimes: [python3.12]
    Metadata:
      BuildMethod: python3.12
      BuildArchitecture: x86_64
  Zipped:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: zipped.zip
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: api/
"""
)
FUNCTIONS = HEAD + (
    """
Resources:
  OrdersFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: orders/, Runtime: python3.12, Handler: app.handler}
  Other:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: orders/, Runtime: python3.12, Handler: app.other}
"""
)


def test_a_layer_is_taken_over_with_its_runtime(tmp_path: Path) -> None:
    tree = {"template.yaml": LAYERS, "common/requirements.txt": "six", "common/util.py": ""}
    (layer,) = sam_layers(write_tree(tmp_path, tree))

    assert (layer.name, layer.keys) == ("common", {"requirements": "common/requirements.txt"})
    assert (layer.python, layer.architecture) == (("3.12",), "x86_64")
    assert "the .py files of common/ are not in the layer" in layer.remarks[0]


def test_a_package_beside_the_list_is_named_too(tmp_path: Path) -> None:
    tree = {"template.yaml": LAYERS, "common/requirements.txt": "six", "common/util/a.py": ""}
    (layer,) = sam_layers(write_tree(tmp_path, tree))

    assert "the .py files of common/ are not in the layer" in layer.remarks[0]


def test_a_layer_has_the_name_that_the_template_gives_it(tmp_path: Path) -> None:
    text = LAYERS.replace('!Sub "${AWS::StackName}-common"', "shared-deps")
    tree = {"template.yaml": text, "common/requirements.txt": "six"}

    assert [layer.name for layer in sam_layers(write_tree(tmp_path, tree))] == ["shared-deps"]


def test_without_layers_the_lists_of_functions_are_taken(tmp_path: Path) -> None:
    tree = {"template.yml": FUNCTIONS, "orders/requirements.txt": "six"}
    (layer,) = sam_layers(write_tree(tmp_path, tree))

    assert (layer.name, layer.keys) == ("orders", {"requirements": "orders/requirements.txt"})
    assert (layer.python, layer.architecture) == (("3.12",), "x86_64")


def test_a_template_of_cloudformation_alone_is_none(tmp_path: Path) -> None:
    tree = {"template.yaml": "Resources: {}\n", "requirements.txt": ""}
    assert sam_layers(write_tree(tmp_path, tree)) == []


def test_odd_templates_are_no_error(tmp_path: Path) -> None:
    for more in ("Resources: []\n", "Resources: {A: {Type: [x]}}\n", "Resources: {1: 2}\n"):
        assert sam_layers(write_tree(tmp_path, {"template.yaml": HEAD + more})) == []


def test_layers_that_have_no_list_are_named(tmp_path: Path) -> None:
    made = """  Native:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: ./native}
    Metadata: {BuildMethod: makefile}
"""
    write_tree(
        tmp_path,
        {
            "template.yaml": LAYERS + made,
            "common/requirements.txt": "rich",
            "native/Makefile": "",
            "native/a.py": "",
        },
    )
    (common,) = sam_layers(tmp_path)

    assert common.remarks == (
        "Zipped is not here: zipped.zip has no requirements.txt and no package",
        "Native, which SAM builds by makefile, is not here: "
        "./native has no requirements.txt and no package, such as a pyproject.toml beside its "
        ".py files",
    )
