"""What deploy says before it comes to Terraform; tests/terraform/test_deploy.py has the rest."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.builder.commands.conftest import LAYERS, PROGRAM
from tests.builder.conftest import package, write_tree
from tests.patience import PATIENCE


def deploy(
    folder: Path, *words: str, answer: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    file = folder.parent / "answer"  # no pipe: all of it is there when the command begins
    file.write_text(answer)
    with file.open() as stdin:
        return subprocess.run(
            [PROGRAM, "deploy", *words],
            cwd=folder, env={**os.environ, **environment}, stdin=stdin, capture_output=True,
            text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip


@pytest.mark.slow
def test_without_terraform_it_says_so_before_anything_is_written(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, TERRAFORM="no-such-terraform")

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: no-such-terraform is not on the PATH")
    assert not (tmp_path / "cdktf.out").exists()


@pytest.mark.slow
def test_without_layers_toml_the_fix_is_to_write_one(tmp_path: Path) -> None:
    done = deploy(tmp_path)
    assert done.returncode == 1
    assert "lambda-layer init" in done.stderr


@pytest.mark.slow
def test_a_variable_without_a_value_is_wrong_usage(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, "--var", "tags")
    assert done.returncode == 2
    assert "NAME=VALUE" in done.stderr


@pytest.mark.slow
def test_an_error_of_the_synthesis_is_said_once(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, "--plan-only", JSII_NODE="no-such-node")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: cdktf needs Node.js")
    assert done.stderr.count("ERROR") == 1


@pytest.mark.slow
def test_a_question_that_nobody_can_answer_is_said_before_anything_is_written(
    tmp_path: Path,
) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, TERRAFORM="true")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: nothing was done, because the question has no answer")
    assert "add --yes" in done.stderr
    assert not (tmp_path / "cdktf.out").exists()


@pytest.mark.slow
def test_an_answer_that_is_not_typed_is_an_answer(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = deploy(tmp_path, answer="y\n", TERRAFORM="true", JSII_NODE="no-such-node")
    assert "cdktf needs Node.js" in done.stderr
