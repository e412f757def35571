import os
import subprocess
from pathlib import Path

import click
import pytest

from builder.cli import main
from builder.commands.options import complete_layers
from tests.builder.commands.conftest import LAYERS, PROGRAM
from tests.builder.conftest import package, write_tree
from tests.patience import PATIENCE


@pytest.mark.slow
def test_a_broken_description_is_reported_without_aws(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": '[app]\nname = "x1"\n[layers.web]\npyton = []\n'})
    done = subprocess.run(
        [PROGRAM, "plan"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 1
    assert "did you mean 'python'?" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.slow
def test_without_credentials_the_fix_is_to_log_in(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    nowhere = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    done = subprocess.run(
        [PROGRAM, "plan"],
        cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 1
    assert "ERROR: there are no AWS credentials" in done.stderr
    assert "log in" in done.stderr


@pytest.mark.slow
def test_the_shell_completes_names_of_layers(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    done = subprocess.run(
        [PROGRAM],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"], "COMP_WORDS": "lambda-layer plan w", "COMP_CWORD": "2",
            "_LAMBDA_LAYER_COMPLETE": "bash_complete",
        },
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert done.stdout.splitlines() == ["plain,web"], done.stderr


def test_names_are_completed_to_nothing_where_layers_toml_is_broken(tmp_path: Path) -> None:
    (tmp_path / "layers.toml").write_text("[app")
    context = click.Context(main)
    context.params["config"] = tmp_path / "layers.toml"

    assert complete_layers(context, click.Argument(["name"]), "") == []
