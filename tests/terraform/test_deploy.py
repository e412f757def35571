"""`lambda-layer deploy` with the real terraform: from init to the ARN, and to the next change."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from embedded.terraform import Terraform
from tests.patience import PATIENCE
from tests.terraform.conftest import INSTALLED
from tests.terraform.packages import PYTHON, write_package


class Folder:
    """A project of a user's, in which commands reach the embedded AWS."""

    def __init__(self, root: Path, prepared: dict[str, str], schemas: Path) -> None:
        self.root = root
        terraform = Terraform(root, prepared, root.parent / "home", schemas=schemas)
        path = f"{terraform.program.path.parent}{os.pathsep}{os.defpath}"
        # Without our own folder: deploy itself sees to it that the hooks are found.
        self.environment = {**terraform.environment, "PATH": path}

    def run(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(INSTALLED), *words],
            cwd=self.root, env=self.environment, input=answer, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, prepared: dict[str, str], schemas: Path) -> Folder:
    root = tmp_path / "my project"
    write_package(root, "web")
    return Folder(root, prepared, schemas)


def writes(aws: EmbeddedAws, since: int) -> list[str]:
    return [call.operation for call in aws.calls()[since:] if call.is_write]


def test_from_an_empty_folder_to_the_arn_and_to_the_next_version(
    folder: Folder, aws: EmbeddedAws
) -> None:
    app = f"t{uuid.uuid4().hex[:10]}"
    made = folder.run(
        "init", "--name", app, "--layer", "web", "--package", "web",
        "--python", PYTHON, "--architecture", "x86_64",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr

    begin = len(aws.calls())
    planned = folder.run("-v", "deploy", "--plan-only")
    assert planned.returncode == 0, planned.stderr
    assert "missing" in planned.stdout
    assert "build #1" in planned.stdout
    # The hook has looked, so the command does not look again.
    assert "builder.release.plan" not in planned.stderr
    assert "to add" in planned.stderr
    assert writes(aws, begin) == []

    refused = folder.run("deploy", answer="n\n")
    assert (refused.returncode, writes(aws, begin)) == (1, [])
    applied = folder.run("deploy", "--yes", "--json")
    assert applied.returncode == 0, applied.stderr
    said = json.loads(applied.stdout)
    assert said["result"] == "applied"
    assert said["layers"]["web"]["layer_arn"].endswith(f":layer:{app}-web:1")
    assert "web: phase build" in applied.stderr
    assert "web: published arn:" in applied.stderr

    begin = len(aws.calls())
    same = folder.run("deploy", "--yes")
    assert same.returncode == 0, same.stderr
    assert "nothing to do" in same.stderr
    assert f"{app}-web:1" in same.stdout
    assert writes(aws, begin) == []

    (folder.root / "web/web/__init__.py").write_text("ANSWER = 43\n")
    changed = folder.run("deploy", answer="y\n")
    assert changed.returncode == 0, changed.stderr
    assert "web/web/__init__.py changed" in changed.stdout
    assert f"{app}-web:2" in changed.stdout

    (folder.root / "web/backend.py").write_text("raise SystemExit('no wheel today')\n")
    failed = folder.run("deploy", "--yes")
    assert failed.returncode == 1
    assert "terraform apply failed" in failed.stderr
    assert "no wheel today" in failed.stderr
    assert "fix:" in failed.stderr
    assert "Traceback" not in failed.stderr
