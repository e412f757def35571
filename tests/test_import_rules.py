"""Arrows that must not be drawn: each of these lines, added alone, fails `make check`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = (
    *("fast_lambda_layer", "builder", "hybrid_service", "embedded"),
    *("modules", "stacks", "hcl", "demo", "sandbox", "docsite", "bench"),
)


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Check the import rules of a copy of the project."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    """Return a copy of what the rules are about."""
    shutil.copy(PROJECT / ".importlinter", tmp_path)
    leave_out = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=leave_out)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "arrow"),
    [
        ("builder/release/publish.py", "import boto3", "builder.release.publish -> boto3"),
        (
            "builder/worker/build.py",
            "import builder.operations.log_line",
            "builder.worker.build -> builder.operations.log_line",
        ),
        (
            "builder/release/release.py",
            "import embedded.aws",
            "builder.release.release -> embedded.aws",
        ),
        (
            "builder/spec/layer_spec.py",
            "import builder.inputs.locks.project_lock",
            "builder.spec.layer_spec -> builder.inputs.locks.project_lock",
        ),
        (
            "embedded/codebuild/build.py",
            "import builder.spec.runtimes",
            "embedded.codebuild.build -> builder.spec.runtimes",
        ),
        (
            "hybrid_service/client.py",
            "import builder.errors",
            "hybrid_service.client -> builder.errors",
        ),
        (
            "hybrid_service/client.py",
            "import hybrid_service.task.relay",
            "hybrid_service.client -> hybrid_service.task.relay",
        ),
        ("modules/layer/naming.py", "import boto3", "modules.layer.naming -> boto3"),
        (
            "modules/layer/naming.py",
            "import builder.release.release",
            "modules.layer.naming -> builder.release.release",
        ),
        (
            "builder/release/release.py",
            "import fast_lambda_layer.synth",
            "builder.release.release -> fast_lambda_layer.synth",
        ),
    ],
)
def test_an_arrow_that_breaks_a_rule_is_named(
    project: Path, file: str, line: str, arrow: str
) -> None:
    module = project / file
    module.write_text(f"{module.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    checked = lint(project)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert arrow in checked.stdout


def test_a_room_that_no_rule_names_is_refused(project: Path) -> None:
    (project / "builder/attic").mkdir()
    (project / "builder/attic/__init__.py").write_text("", encoding="utf-8")
    checked = lint(project)
    assert checked.returncode == 1
    assert "builder.attic" in checked.stdout + checked.stderr


def test_the_project_keeps_its_own_rules(project: Path) -> None:
    checked = lint(project)
    assert checked.returncode == 0, checked.stdout + checked.stderr
