"""What deploy says before it comes to Terraform; tests/terraform/test_deploy.py has the rest."""

import os
import subprocess
from pathlib import Path

from tests.builder.commands.conftest import LAYERS, PROGRAM
from tests.builder.conftest import package, write_tree
from tests.patience import PATIENCE


def deploy(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "deploy", *words],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
        check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_without_terraform_it_says_so_before_anything_is_written(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, TERRAFORM="no-such-terraform")

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: no-such-terraform is not on the PATH")
    assert not (tmp_path / "cdktf.out").exists()


def test_without_layers_toml_the_fix_is_to_write_one(tmp_path: Path) -> None:
    done = deploy(tmp_path)
    assert done.returncode == 1
    assert "lambda-layer init" in done.stderr


def test_a_variable_without_a_value_is_wrong_usage(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, "--var", "tags")
    assert done.returncode == 2
    assert "NAME=VALUE" in done.stderr


def test_an_error_of_the_synthesis_is_said_once(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, JSII_NODE="no-such-node")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: cdktf needs Node.js")
    assert done.stderr.count("ERROR") == 1
