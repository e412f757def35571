"""cdktf-cli from npm: synth, deploy, diff and destroy, as its users type them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from embedded.terraform import Terraform
from tests.terraform.packages import PYTHON, write_package

PROJECT = Path(__file__).parents[2]

LAYERS = """\
[app]
name = "{name}"

[layers.web]
package = "web"
python = ["{python}"]
architecture = "x86_64"
"""


@pytest.fixture
def npm_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which cdktf-cli is installed as package-lock.json says."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not there")
    folder = tmp_path / "npm"
    folder.mkdir()
    for file in ("package.json", "package-lock.json"):
        shutil.copyfile(PROJECT / file, folder / file)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    if done.returncode != 0:
        pytest.skip(f"cdktf-cli cannot be had from npm: {done.stderr.strip()[-300:]}")
    yield folder
    shutil.rmtree(folder)  # 400 MB, which pytest would keep


def test_cdktf_synth_deploy_diff_and_destroy(
    npm_folder: Path, aws: EmbeddedAws, prepared: dict[str, str], schemas: Path, tmp_path: Path
) -> None:
    name = f"t{uuid.uuid4().hex[:10]}"
    project = tmp_path / "my project"
    write_package(project, "web")
    (project / "layers.toml").write_text(LAYERS.format(name=name, python=PYTHON))
    app = f"'{sys.executable}' '{PROJECT / 'main.py'}' --config layers.toml"
    settings = {**json.loads((PROJECT / "cdktf.json").read_text()), "app": app}
    (project / "cdktf.json").write_text(json.dumps(settings))
    terraform = Terraform(project, prepared, tmp_path / "home", schemas=schemas)
    environment = {
        **terraform.environment,
        "CI": "1",
        "PYTHONPATH": str(PROJECT),
        "TERRAFORM_BINARY_NAME": str(terraform.program.path),
    }

    def cdktf(*arguments: str) -> str:
        done = subprocess.run(
            [npm_folder / "node_modules" / ".bin" / "cdktf", *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def since(bookmark: int) -> list[str]:
        return [call.operation for call in aws.calls()[bookmark:] if call.is_write]

    cdktf("synth")
    assert (project / "cdktf.out" / "stacks" / name / "cdk.tf.json").is_file()

    before = len(aws.calls())
    said = cdktf("deploy", name, "--auto-approve", "--skip-provider-lock")
    assert f"{name}-web:1" in said
    assert since(before).count("StartBuild") == 1

    before = len(aws.calls())
    assert "No changes" in cdktf("diff", name, "--skip-provider-lock")
    assert since(before) == []

    cdktf("destroy", name, "--auto-approve", "--skip-provider-lock")
    versions = aws.client("lambda").list_layer_versions(LayerName=f"{name}-web")
    assert versions["LayerVersions"] == []
