"""The README's quick starts, word for word, in an empty folder with the wheel and nothing of us.

The embedded AWS and the stand-in providers come in through the environment alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder import __version__
from embedded.aws import EmbeddedAws
from embedded.terraform import Terraform
from tests.markdown import ROOT, Block, blocks
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH"),
]

QUICK_START = "Quick start: "
STARTS = {
    heading: [block for block in blocks("README.md") if block.heading == heading]
    for heading in dict.fromkeys(
        block.heading for block in blocks("README.md") if block.heading.startswith(QUICK_START)
    )
}

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Deps:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {LayerName: web, ContentUri: deps, CompatibleRuntimes: [python3.13]}
"""
SERVERLESS = """\
service: billing
provider: {name: aws, runtime: python3.13, architecture: arm64}
plugins: [serverless-python-requirements]
custom: {pythonRequirements: {layer: true, fileName: deps/requirements.txt}}
"""
MODULE = """\
module "deps" {
  source              = "terraform-aws-modules/lambda/aws"
  create_layer        = true
  layer_name          = "web"
  source_path         = "${path.module}/deps"
  compatible_runtimes = ["python3.13"]
}
"""


class Newcomer:
    """Someone in an empty folder who has the wheel, terraform, Node, credentials and a region."""

    def __init__(
        self, folder: Path, prepared: dict[str, str], schemas: Path, programs: Path
    ) -> None:
        self.folder = folder
        folder.mkdir()
        terraform = Terraform(folder, prepared, folder.parent / "home", schemas=schemas)
        node = Path(shutil.which("node") or "").parent
        places = (programs, terraform.program.path.parent, node, "/usr/bin", "/bin")
        self.environment = {
            **terraform.environment,
            "PATH": os.pathsep.join(map(str, places)),
            "CHECKOUT": str(ROOT),
        }

    def follow(self, steps: list[Block]) -> str:
        """Write the files and type the commands that the steps show; return what was said."""
        said = ""
        for step in steps:
            if step.file:
                (self.folder / step.file).write_text(step.text, encoding="utf-8")
                continue
            script = self.folder.parent / "typed.sh"
            script.write_text(step.text, encoding="utf-8")
            done = subprocess.run(
                ["bash", "-eu", str(script)],
                cwd=self.folder, env=self.environment, input="y\n", capture_output=True, text=True,
                check=False, timeout=4 * PATIENCE,
            )  # fmt: skip
            assert done.returncode == 0, f"{step.text}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stderr
            said += done.stdout
        return said


@pytest.fixture(name="newcomer")
def newcomer_fixture(
    tmp_path: Path, prepared: dict[str, str], schemas: Path, installed: Path
) -> Newcomer:
    # Without a space: cdktf's own TerraformAsset cannot archive a folder whose path has one.
    return Newcomer(tmp_path / "empty", prepared, schemas, installed)


SHOP = r"arn:aws:lambda:[\w:-]+:layer:shop-web:\d+\b"
"""Two starts make it, and Lambda gives no number twice, also after a destroy."""


def start(word: str) -> list[Block]:
    (found,) = (steps for heading, steps in STARTS.items() if word in heading)
    return found


def layers_of(aws: EmbeddedAws, function: str) -> list[str]:
    found = aws.client("lambda").get_function_configuration(FunctionName=function)
    return [layer["Arn"] for layer in found.get("Layers", [])]


def test_there_are_quick_starts_and_each_has_commands() -> None:
    assert len(STARTS) == 4
    assert all(any(not step.file for step in steps) for steps in STARTS.values())


def test_from_requirements_to_the_arn(newcomer: Newcomer) -> None:
    said = newcomer.follow(start("requirements.txt"))
    assert "first build" in said
    assert re.search(r"layer:billing-web:1\b", said)
    undo = "terraform -chdir=cdktf.out/stacks/billing destroy"
    assert f"`{undo}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    newcomer.follow([Block("", "sh", f"{undo} -auto-approve")])


def test_terraform_files_with_the_module(newcomer: Newcomer) -> None:
    said = newcomer.follow(start("Terraform files"))
    assert "first build" in said
    assert re.search(r'^web = "arn:aws:lambda:[\w:-]+:layer:orders-web:1"$', said, re.MULTILINE)
    newcomer.follow([Block("", "sh", "terraform destroy -auto-approve")])


def test_a_stack_of_ones_own_has_the_layer(newcomer: Newcomer) -> None:
    said = newcomer.follow(start("CDKTF"))
    assert re.search(SHOP, said)
    newcomer.follow(
        [Block("", "sh", "terraform -chdir=cdktf.out/stacks/shop destroy -auto-approve")]
    )


def test_a_stack_of_ones_own_has_a_function_with_the_layer(
    newcomer: Newcomer, aws: EmbeddedAws
) -> None:
    page = "docs/constructs.md"
    said = newcomer.follow([b for b in blocks(page) if b.heading == "A stack with a function"])
    (arn,) = set(re.findall(SHOP, said))
    assert layers_of(aws, "shop-api") == [arn]
    newcomer.follow(
        [Block("", "sh", "terraform -chdir=cdktf.out/stacks/shop destroy -auto-approve")]
    )


@pytest.mark.parametrize(
    ("file", "text", "layer"),
    [
        ("template.yaml", TEMPLATE, "web"),
        ("serverless.yml", SERVERLESS, "python-requirements"),
        ("main.tf", MODULE, "web"),
    ],
)
def test_what_another_tool_builds_is_taken_over(
    newcomer: Newcomer, file: str, text: str, layer: str
) -> None:
    (newcomer.folder / "deps").mkdir()
    (newcomer.folder / "deps/requirements.txt").write_text("idna==3.10\n")
    (newcomer.folder / file).write_text(text)
    said = newcomer.follow(start("from SAM"))
    assert re.search(rf"^{layer}\s+missing\b", said, re.MULTILINE)
    written = (newcomer.folder / "layers.toml").read_text()
    assert f"# From {file}" in written
    assert 'requirements = "deps/requirements.txt"' in written
    assert "3.13" in written


def test_the_words_of_the_installation_install_it(wheel: Path, tmp_path: Path) -> None:
    (block,) = (block for block in blocks("README.md") if block.heading == "Install")
    made, *rest = block.text.splitlines()
    assert made == "make wheel"
    assert f"-{__version__}-" in block.text
    shutil.copytree(wheel.parent, tmp_path / "dist")
    constraints = tmp_path / "constraints.txt"
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    constraints.write_text("\n".join(re.findall(r"^[\w.-]+==[^ ]+", locked, re.MULTILINE)))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_CONSTRAINT": str(constraints),
        "UV_PYTHON": sys.executable,
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
    }
    done = subprocess.run(
        ["bash", "-eu", "-c", "\n".join(rest)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        timeout=4 * PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (tmp_path / "layers.toml").write_text(
        '[app]\nname = "shop"\n[layers.web]\npython = ["3.13"]\narchitecture = "arm64"\n'
        'dependencies = ["six"]\n'
    )
    done = subprocess.run(
        [tmp_path / "bin/lambda-layer", "synth"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cdktf.out/stacks/shop/cdk.tf.json").is_file()
