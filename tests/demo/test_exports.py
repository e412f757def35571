from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from demo.exports import exports, variables
from embedded.terraform import Terraform
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("terraform")


def test_a_shell_that_reads_them_reaches_the_embedded_aws_alone(
    tmp_path: Path, schemas: Path
) -> None:
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_SECRET_ACCESS_KEY": "it's $HOME; `id`"}
    folder = tmp_path / "my project"
    folder.mkdir()
    environment = {**os.environ, **aws}
    terraform = Terraform(
        folder, environment, tmp_path / "my home", providers="stand-ins", schemas=schemas
    )
    lines = exports(variables(aws, terraform))
    names = ["AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "TF_CLI_CONFIG_FILE", "AWS_PROFILE"]
    shown = "\n".join(f'printf "%s\\n" "${{{name}-unset}}"' for name in names)
    done = subprocess.run(
        ["bash", "-eu", "-c", "\n".join([*lines, shown, "command -v lambda-layer"])],
        env={"PATH": os.environ["PATH"], "AWS_PROFILE": "of-another-account"},
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    url, secret, configuration, profile, program = done.stdout.splitlines()
    assert (url, secret, profile) == (*aws.values(), "unset")
    assert "filesystem_mirror" in Path(configuration).read_text(encoding="utf-8")
    assert program.endswith("/lambda-layer")
