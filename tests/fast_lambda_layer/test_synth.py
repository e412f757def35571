"""The synthesis as a command: what it reads, what it says, and what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.origin import extra
from tests.patience import PATIENCE

LAYERS = """
[app]
name = "shop"
[layers.web]
python = ["3.13"]
architecture = "arm64"
dependencies = ["six==1.17.0"]
"""
NAME = "fast-lambda-layer"
WITHOUT_CDKTF = (
    "import sys\n"
    "sys.modules['cdktf'] = None\n"
    "from fast_lambda_layer import synth\n"
    "sys.exit(synth.main())\n"
)


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    (tmp_path / "layers.toml").write_text(LAYERS)
    return tmp_path


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_what_was_read_and_written_is_said_with_the_next_command(project: Path) -> None:
    done = run(project, "-I", "-m", "fast_lambda_layer.synth")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "layers.toml -> cdktf.out/stacks/shop",
        "next: cd cdktf.out/stacks/shop && terraform init && terraform apply",
    ]
    assert (project / "cdktf.out/stacks/shop/cdk.tf.json").is_file()


@pytest.mark.slow
def test_the_services_of_a_layers_toml_are_in_the_stack(project: Path) -> None:
    with (project / "layers.toml").open("a") as file:
        file.write(
            '[services.ledger]\ncommand = ["ledger", "{port}"]\nimage_tag = "1"\n'
            'vpc = "vpc-0123abcd"\nsubnets = ["subnet-0123abcd"]\n'
        )

    done = run(project, "-I", "-m", "fast_lambda_layer.synth")

    assert done.returncode == 0, done.stderr
    document = json.loads((project / "cdktf.out/stacks/shop/cdk.tf.json").read_text())
    clusters = document["resource"]["aws_ecs_cluster"]
    assert [cluster["name"] for cluster in clusters.values()] == ["${local.app}-ledger"]


@pytest.mark.slow
@pytest.mark.slow
def test_a_main_py_elsewhere_reads_the_layers_toml_that_the_command_reads(project: Path) -> None:
    main = Path(__file__).parents[2] / "main.py"
    done = run(project, str(main))

    assert done.returncode == 0, done.stderr
    assert (project / "cdktf.out/stacks/shop/cdk.tf.json").is_file()


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_is_one_clear_error(project: Path) -> None:
    (project / "cdktf.out").write_text("a file")
    done = run(project, "-m", "fast_lambda_layer.synth")

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: cdktf.out cannot be written: ")
    assert f"where:    {project / 'cdktf.out'}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_cdktf_the_fix_is_one_line_and_no_traceback(project: Path) -> None:
    done = run(project, "-c", WITHOUT_CDKTF)

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: cdktf is not installed")
    assert f"pip install {extra('cdktf')}" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_node_the_fix_is_to_install_it(project: Path) -> None:
    done = run(project, "-m", "fast_lambda_layer.synth", JSII_NODE="no-such-node")

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: cdktf needs Node.js")
    assert "Traceback" not in done.stderr
