import json
import shutil
from pathlib import Path

import pytest

from builder.operations.init import Wishes, draft_of, text_of
from builder.operations.init.ours import ours
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import load_config
from builder.spec.package_rules import Licences
from tests.builder.conftest import write_tree

MODULE = Path(__file__).parents[4] / "terraform"
CALL = """
terraform { required_version = ">= 1.4" }
module "layers" {
  source  = "./modules/layers"
  app     = "orders"
  root    = path.module
  retention_days = 30
  defaults = { python = ["3.13"], "architecture" = "arm64", keep : 5 }
  layers  = {
    web = { requirements = ["requirements.txt"], size_check = "warn" } # ours
    "plots" = {
      dependencies = ["rich; python_version < \\"3.14\\"", "six"],
      python       = ["3.12", "3.13"]
      licences     = { deny = ["AGPL-3.0-only"] }
    }
  }
}
"""


def project(folder: Path, call: str = CALL) -> Path:
    shutil.copytree(MODULE, folder / "modules" / "layers")
    return write_tree(folder, {"main.tf": call, "requirements.txt": "six"})


def written(root: Path) -> Path:
    file = root / "layers.toml"
    file.write_text(text_of(draft_of(root, Wishes()), schema=False), encoding="utf-8")
    return file


def test_a_call_of_the_module_gives_its_application_and_its_layers(tmp_path: Path) -> None:
    config = load_config(written(project(tmp_path)))

    web, plots = config.layers
    assert config.app.name == "orders"
    assert (web.name, web.requirements, web.size_check) == ("web", ("requirements.txt",), "warn")
    assert (web.python, web.architecture, web.keep) == (("3.13",), "arm64", 5)
    assert plots.dependencies == ('rich; python_version < "3.14"', "six")
    assert (plots.python, plots.licences) == (("3.12", "3.13"), Licences(deny=("AGPL-3.0-only",)))


def test_the_file_says_what_builds_these_layers(tmp_path: Path) -> None:
    draft = draft_of(project(tmp_path), Wishes())

    assert draft.built_by == "main.tf, module.layers"
    assert "# main.tf, module.layers builds them:" in text_of(draft)


def test_lists_of_targets_stay_what_the_module_makes_of_them(tmp_path: Path) -> None:
    targets = 'architectures = ["arm64", "x86_64"], split = "target", requirements'
    call = CALL.replace('"architecture" = "arm64", ', "").replace("requirements", targets, 1)
    call = call.replace("dependencies = ", 'architecture = "arm64", dependencies = ')

    names = [layer.name for layer in load_config(written(project(tmp_path, call))).layers]
    assert names == ["web-python313-arm64", "web-python313-x86-64", "plots"]


@pytest.mark.parametrize("expression", ["var.names", 'concat(["a"], var.b)', '["${var.x}-y"]'])
def test_what_is_computed_there_is_a_remark(tmp_path: Path, expression: str) -> None:
    call = CALL.replace('["requirements.txt"]', expression).replace('"orders"', "local.app")
    call = call.replace('["3.12", "3.13"]', expression)
    found = ours(project(tmp_path, call))

    assert found is not None
    assert found.remarks == ("main.tf, module.layers: app is computed there; name it here",)
    assert found.layers[0].remarks == ("web: requirements is not literal there; write it here",)
    assert "requirements" not in found.layers[0].keys
    assert found.layers[1].remarks == ("plots: python is not literal there; write it here",)


@pytest.mark.parametrize("layers", ["var.layers", "{ for x in y : x => {} }", "{}", "5", "{", "="])
def test_layers_that_are_not_written_there_are_looked_for_elsewhere(
    tmp_path: Path, layers: str
) -> None:
    call = CALL[: CALL.index("layers  =")] + f"layers = {layers}\n}}\n"
    assert ours(project(tmp_path, call)) is None


def test_a_module_of_others_is_none_of_ours(tmp_path: Path) -> None:
    shutil.rmtree(project(tmp_path) / "modules" / "layers" / "described")
    assert ours(tmp_path) is None


def test_a_stack_of_ones_own_gives_the_same_specs(tmp_path: Path) -> None:
    spec = LayerSpec("web", ("3.13",), "x86_64", dependencies=("six",), slim=(), keep=3)
    query = {
        "project": "shop-layers",
        "web.spec": spec.to_json(),
        "web.root": "${path.module}/../../..",
    }
    hook = {"program": ["lambda-layer", "hook", "plan"], "query": query}
    other = {"program": ["sh"], "query": {}}
    stack = {"data": {"external": {"build_plan": hook, "x": other}}}
    write_tree(tmp_path, {"cdktf.out/stacks/shop/cdk.tf.json": json.dumps(stack)})

    config = load_config(written(tmp_path))

    assert (config.app.name, [one.to_json() for one in config.layers]) == ("shop", [spec.to_json()])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"data": {}}', '{"data": {"external": {"a": 5}}}', "[" * 100_000,
     '{"data": {"external": {"a": {"program": ["hook", "plan"], "query": {"project": "x-layers",'
     ' "web.spec": "{"}}}}}'],
)  # fmt: skip
def test_an_odd_stack_is_no_error(tmp_path: Path, text: str) -> None:
    assert ours(write_tree(tmp_path, {"cdktf.out/stacks/a/cdk.tf.json": text})) is None


def test_a_stack_made_of_a_layers_toml_is_left_to_it(tmp_path: Path) -> None:
    query = {"project": "${local.app}-layers", "web.spec": "{}"}
    hook = {"program": ["lambda-layer", "hook", "plan"], "query": query}
    stack = json.dumps({"data": {"external": {"build_plan": hook}}})

    assert ours(write_tree(tmp_path, {"cdktf.out/stacks/a/cdk.tf.json": stack})) is None
