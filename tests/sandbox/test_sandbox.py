"""`make sandbox` on a user's project: from nothing, after an edit, and from another shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.spec.runtimes import Target
from demo.keeper import stayed
from demo.machine import this_architecture, this_python
from tests.patience import PATIENCE, wait_until
from tests.terraform.packages import write_package

pytestmark = [
    pytest.mark.slow,
    pytest.mark.aws,
    pytest.mark.usefixtures("terraform"),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH"),
]


class Sandbox:
    """A sandbox in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sandbox", "--folder", self.folder, *words]
        # A file and no pipe: the AWS that stays would hold a pipe open.
        with (self.folder.parent / "output").open("w+", encoding="utf-8") as output:
            done = subprocess.run(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                timeout=4 * PATIENCE, check=False,
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read(), "")

    def shell(self, script: str, folder: Path) -> str:
        """Run commands as a user does in another shell, after the exports that were printed."""
        file = folder / "run.sh"
        file.write_text(f'set -eu\n. "{self.folder}/exports.sh"\n{script}\n')
        done = subprocess.run(
            ["bash", str(file)],
            cwd=folder, env={**os.environ, "AWS_PROFILE": "of-another-account"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=2 * PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(name="sandbox", scope="module")
def sandbox_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("a sandbox") / "kept")
    try:
        yield sandbox
    finally:
        sandbox.run("--stop")
        wait_until(lambda: stayed(sandbox.folder) is None, "the sandbox ends")


def worked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_layers_are_planned_built_imported_and_built_again_after_an_edit(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    project = tmp_path / "my shop"
    write_package(project, "web")
    write_package(project, "tools")
    (project / "layers.toml").write_text(
        '[app]\nname = "shop"\n\n[layers.web]\npackage = "web"\npython = ["3.9"]\n'
        'architecture = "arm64"\nfunctions = ["shop-api"]\n\n[layers.tools]\npackage = "tools"\n'
        'python = ["3.9", "3.10"]\narchitecture = ["arm64", "x86_64"]\nsplit = "target"\n'
    )
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}

    first = worked(sandbox.run(project))
    assert "first build" in first
    assert "layer:shop-web:1 imports:" in first
    assert "/opt/python/web/__init__.py" in first
    target = Target(this_python(), this_architecture())
    split = f"tools-{target.runtime}-{target.architecture}".replace(".", "").replace("_", "-")
    assert f"layer:shop-{split}:1 imports:" in first
    assert "export TF_CLI_CONFIG_FILE=" in first

    (project / "web/web/__init__.py").write_text("ANSWER = 43\n")
    second = worked(sandbox.run(project))
    assert "web/web/__init__.py changed" in second
    assert "layer:shop-web:2 imports:" in second

    (copy,) = (sandbox.folder / "projects").glob("*/my shop")
    assert "No changes." in sandbox.shell("cd cdktf.out/stacks/shop && terraform plan", copy)
    assert "layer:shop-web:2" in sandbox.shell("lambda-layer status", copy)

    before[project / "web/web/__init__.py"] = b"ANSWER = 43\n"
    assert {file: file.read_bytes() for file in project.rglob("*") if file.is_file()} == before


def test_terraform_files_are_planned_and_applied_from_another_shell(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    project = tmp_path / "infra"
    project.mkdir()
    (project / "main.tf").write_text("""\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {
    bucket = "states-of-a-real-account"
    key    = "infra"
    region = "eu-west-1"
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "api" {
  name               = "sandbox-infra-api"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
""")
    assert "terraform init && terraform plan" in worked(sandbox.run(project))
    (copy,) = (sandbox.folder / "projects").glob("*/infra")
    said = sandbox.shell("terraform init && terraform apply -auto-approve && terraform plan", copy)
    assert "1 added" in said
    assert "No changes." in said
    assert not (project / ".terraform").exists()


def test_a_folder_without_layers_is_refused_with_what_to_do(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = sandbox.run(tmp_path)
    assert done.returncode == 1
    assert "there is nothing to try" in done.stdout
    assert "lambda-layer init" in done.stdout
    assert "there is no folder" in sandbox.run(tmp_path / "nowhere").stdout


def test_a_mistake_in_layers_toml_is_said_as_every_command_says_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "layers.toml").write_text('[app]\nname = "shop"\n[layers.web]\npyton = ["3.13"]\n')
    done = sandbox.run(tmp_path)
    assert done.returncode == 1
    assert "did you mean 'python'?" in done.stdout
    assert "Traceback" not in done.stdout
