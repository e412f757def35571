import time
from pathlib import Path

import pytest

from builder.operations.init.terraform_files import blocks, terraform_layers
from tests.builder.conftest import write_tree

MODULE = """
# module "old" { source = "terraform-aws-modules/lambda/aws" }
module "layer" {
  source       = "terraform-aws-modules/lambda/aws" // the one
  create_layer = true
  layer_name   = "shop-deps"
  compatible_runtimes = [
    "python3.12", # newest
    "python3.11",
  ]
  compatible_architectures = ["arm64"]
  source_path = [{ path = "${path.module}/../deps", pip_requirements = true }]
  tags = { layer_name = "not this" }
}
module "function" {
  source = "terraform-aws-modules/lambda/aws"
  handler = "a.b"
}
"""
RESOURCE = """
resource "aws_lambda_layer_version" "web" {
  layer_name = "${var.prefix}-web"
  filename   = <<-EOT
    resource "aws_lambda_layer_version" "no" {
    EOT
  compatible_runtimes = ["python3.13"]
}
resource "aws_s3_bucket" "other" {}
"""


def test_the_module_is_taken_over_with_its_list(tmp_path: Path) -> None:
    tree = {"infra/main.tf": MODULE, "deps/requirements.txt": "six"}
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert layer.origin == "infra/main.tf, module.layer"
    assert (layer.name, layer.keys) == ("shop-deps", {"requirements": "deps/requirements.txt"})
    assert (layer.python, layer.architecture) == (("3.12", "3.11"), "arm64")


def test_a_resource_is_found_without_what_it_is_made_of(tmp_path: Path) -> None:
    tree = {"main.tf": RESOURCE, ".terraform/modules/x/main.tf": RESOURCE}
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert (layer.name, layer.keys, layer.python) == ("web", {}, ("3.13",))


def test_code_beside_the_list_is_named(tmp_path: Path) -> None:
    tree = {"infra/main.tf": MODULE, "deps/requirements.txt": "six", "deps/shared/util.py": ""}
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert layer.remarks == (
        "the .py files of deps are not in the layer: the module copies them, here they have to be "
        'a package: a pyproject.toml beside them, and package = "deps"',
    )


def test_a_list_that_pip_requirements_alone_names_is_taken_over(tmp_path: Path) -> None:
    alone = '[{ pip_tmp_dir = "tmp", pip_requirements = "${path.module}/../deps/layer.txt" }]'
    text = MODULE.replace('[{ path = "${path.module}/../deps", pip_requirements = true }]', alone)
    tree = {"infra/main.tf": text, "infra/requirements.txt": "no", "deps/layer.txt": "six"}
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert (layer.keys, layer.python) == ({"requirements": "deps/layer.txt"}, ("3.12", "3.11"))


SEVERAL = """[
    { path = "${path.module}/../deps", pip_requirements = "${path.module}/../other/prod.txt",
      prefix_in_zip = "python", patterns = ["!tests/.*"], commands = ["pip install x", ":zip"] },
    "../lib",
    "../more",
    "../spare",
    "../../elsewhere",
  ]"""


def test_all_sources_of_the_module_are_taken_over_or_named(tmp_path: Path) -> None:
    text = MODULE.replace('[{ path = "${path.module}/../deps", pip_requirements = true }]', SEVERAL)
    project = "[project]\nname = 'x'\n"
    # Beside main.tf is what none of the strings means: a prefix, a pattern, a command.
    tree = {"infra/main.tf": text, "infra/requirements.txt": "no", "other/prod.txt": "six",
            "lib/pyproject.toml": project, "spare/pyproject.toml": project,
            "more/requirements.txt": "rich", "deps/util.py": ""}  # fmt: skip
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert layer.keys == {
        "package": "lib",
        "requirements": ["other/prod.txt", "more/requirements.txt"],
    }
    assert [remark.partition(" ")[2][:40] for remark in layer.remarks] == [
        ".py files of deps are not in the layer: "[:40],
        "module.layer: spare is not in the layer,",
        "module.layer: ../../elsewhere is not in "[:40],
    ]


def test_what_follows_a_number_is_read(tmp_path: Path) -> None:
    text = MODULE.replace("  layer_name ", "  timeout = 30\n  memory_size = 512\n  layer_name ")
    tree = {"infra/main.tf": text, "deps/requirements.txt": "six"}
    (layer,) = terraform_layers(write_tree(tmp_path, tree))

    assert (layer.name, layer.python) == ("shop-deps", ("3.12", "3.11"))


@pytest.mark.parametrize(
    "text",
    ["{", "}", "resource", 'resource "a"', 'resource "a" "b" {', 'module "x" { a = ', "]]]", '"',
     'resource "a" "b" { c = [1, {', "= = =", 'module "m" { = }'],
)  # fmt: skip
def test_what_is_not_whole_is_no_error(text: str) -> None:
    assert isinstance(list(blocks(text)), list)


@pytest.mark.parametrize("piece", ['"${', "/*", "<<A\n", '"\\', "{[(", '"', '"${"'])
def test_no_file_takes_long(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    list(blocks(text))
    # A search that goes back takes hours.
    assert time.process_time() - began < 60
