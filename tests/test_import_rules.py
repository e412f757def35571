"""Arrows that must not be drawn: each of these lines, added alone, fails `make check`."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
RULES = configparser.ConfigParser()
RULES.read(PROJECT / ".importlinter")
PACKAGES = sorted({name.split(".")[0] for name in RULES["importlinter"]["root_packages"].split()})


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
    (tmp_path / "tests").mkdir()
    shutil.copy(PROJECT / "tests/outside.py", tmp_path / "tests")
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
        (
            "fast_lambda_layer/synth.py",
            "import embedded.aws",
            "fast_lambda_layer.synth -> embedded.aws",
        ),
        ("builder/release/plan.py", "import tests.patience", "builder.release.plan -> tests"),
        ("builder/release/plan.py", "import rich", "builder.release.plan -> rich"),
        ("builder/worker/build.py", "import click", "builder.worker.build -> click"),
        (
            "builder/sizes/predict.py",
            "import builder.aws.store",
            "builder.sizes.predict -> builder.aws.store",
        ),
        (
            "builder/pusher/__main__.py",
            "import builder.operations.status",
            "builder.pusher.__main__ -> builder.operations.status",
        ),
        (
            "builder/spec/layer_spec.py",
            "import builder.worker.build",
            "builder.spec.layer_spec -> builder.worker.build",
        ),
        (
            "modules/layer/naming.py",
            "import cdktf_cdktf_provider_aws",
            "modules.layer.naming -> cdktf_cdktf_provider_aws",
        ),
        (
            "modules/layer/naming.py",
            "import builder.query",
            "modules.layer.naming -> builder.query",
        ),
        ("hcl/amend.py", "import boto3", "hcl.amend -> boto3"),
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


@pytest.mark.slow
def test_a_room_that_no_rule_names_is_refused(project: Path) -> None:
    (project / "builder/attic").mkdir()
    (project / "builder/attic/__init__.py").write_text("", encoding="utf-8")
    checked = lint(project)
    assert checked.returncode == 1
    assert "builder.attic" in checked.stdout + checked.stderr


@pytest.mark.slow
def test_a_permission_that_is_not_used_is_refused(project: Path) -> None:
    rules = project / ".importlinter"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("builder.cli -> click", "builder.cli -> click flask"), "utf-8")
    checked = lint(project)
    assert checked.returncode == 1
    assert "builder.cli -> flask: allowed, and not used" in checked.stdout


def test_every_package_of_the_repository_is_under_the_rules() -> None:
    depths = ("*/__init__.py", "*/*/__init__.py")
    found = {path.relative_to(PROJECT).parts[0] for depth in depths for path in PROJECT.glob(depth)}
    assert found - {"tests"} == set(PACKAGES)


@pytest.mark.parametrize("contract", ["builder", "worker"])
def test_every_room_stands_in_the_page_of_the_architecture(contract: str) -> None:
    page = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
    named = {Path(name).stem for name in re.findall(r"`((?:builder/)?\w+(?:\.py|/))`", page)}
    floors = RULES[f"importlinter:contract:{contract}"]["layers"]
    assert not set(re.findall(r"\w+", floors)) - named


@pytest.mark.slow
def test_the_project_keeps_its_own_rules(project: Path) -> None:
    checked = lint(project)
    assert checked.returncode == 0, checked.stdout + checked.stderr
