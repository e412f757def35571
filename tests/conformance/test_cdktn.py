"""cdktn, the successor of cdktf, gives the same Terraform JSON: `make cdktn` sets it up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cdktn" / "bin" / "python"
SYNTH = "import sys; from fast_lambda_layer.synth import main; sys.exit(main(sys.argv[1:]))"
LAYERS = """[app]
name = "shop"
async = true

[layers.web]
python = ["3.12", "3.13"]
architecture = "arm64"
dependencies = ["rich>=14"]
functions = ["shop-api"]
"""


def synthesized(python: Path, project: Path, out: Path) -> dict[str, Any]:
    """Return what an environment's packages synthesize, without versions and sources."""
    subprocess.run(
        [str(python), "-c", SYNTH, "--config", str(project / "layers.toml")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CDKTF_OUTDIR": str(out)},
        check=True,
        timeout=PATIENCE,
    )
    document: dict[str, Any] = json.loads((out / "stacks" / "shop" / "cdk.tf.json").read_text())
    del document["//"]
    for provider in document["terraform"]["required_providers"].values():
        del provider["source"], provider["version"]
    # The publisher's zip has packages of the environment, whose versions are the locks' matter.
    del document["resource"]["aws_lambda_function"]["build_publisher_function"]["source_code_hash"]
    return document


@pytest.mark.skipif(not PYTHON.exists(), reason="cdktn is not set up: make cdktn")
def test_cdktn_gives_the_same_json(tmp_path: Path) -> None:
    (tmp_path / "layers.toml").write_text(LAYERS)
    old = synthesized(Path(sys.executable), tmp_path, tmp_path / "old")
    new = synthesized(PYTHON, tmp_path, tmp_path / "new")
    assert new == old
    assert "web_approval" in new["resource"]["aws_s3_object"]


@pytest.mark.skipif(not PYTHON.exists(), reason="cdktn is not set up: make cdktn")
def test_a_stack_that_imports_cdktn_itself_has_the_same_classes(tmp_path: Path) -> None:
    program = (
        "from modules.layer import bindings; import cdktf, cdktn; "
        "from cdktn_provider_aws.s3_bucket import S3Bucket; "
        "assert cdktf is cdktn and bindings.S3Bucket is S3Bucket, 'two copies'; print('one')"
    )
    done = subprocess.run(
        [str(PYTHON), "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.stdout == "one\n", done.stderr
