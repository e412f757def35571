"""The examples for CI: what they run exists, and what they may do is as little as it can be."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from builder import __version__
from tests.commands import check_command, commands_in
from tests.markdown import ROOT
from tests.patience import PATIENCE

FOLDER = ROOT / "examples" / "ci"
FILES = sorted(path.name for path in FOLDER.glob("*.y*ml"))


def load(name: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return document


def scripts(name: str) -> Iterator[str]:
    """Yield what a file runs in a shell."""
    document = load(name)
    for job in document.get("jobs", {}).values():
        yield from (step["run"] for step in job["steps"] if "run" in step)
    for job in document.values():
        if isinstance(job, dict):
            yield from (*job.get("before_script", []), *job.get("script", []))
    for repository in document.get("repos", []):
        yield from (hook["entry"] for hook in repository["hooks"])


def test_there_are_three() -> None:
    assert FILES == ["github-actions.yml", "gitlab-ci.yml", "pre-commit-config.yaml"]


@pytest.mark.parametrize("name", FILES)
def test_what_it_runs_exists_and_is_a_shell_script(name: str) -> None:
    found = [words for script in scripts(name) for words in commands_in(script)]
    assert any(words[:1] == ["plan"] for words in found)
    for words in found:
        check_command(words, name)
    for script in scripts(name):
        checked = subprocess.run(
            ["bash", "-n", "-c", script], capture_output=True, timeout=PATIENCE, check=False
        )
        assert checked.returncode == 0, script


@pytest.mark.parametrize("name", FILES[:2])
def test_it_installs_this_version(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert re.findall(r"fast_lambda_layer-([\d.]+)-", text) == [__version__]


def test_a_pull_request_plans_and_only_main_applies() -> None:
    document = load("github-actions.yml")
    triggers = document[True]  # YAML 1.1 reads `on` so
    assert set(triggers) == {"pull_request", "push"}
    assert triggers["push"] == {"branches": ["main"]}
    assert document["permissions"] == {
        "contents": "read", "id-token": "write", "pull-requests": "write",
    }  # fmt: skip
    plan, apply = document["jobs"]["plan"], document["jobs"]["apply"]
    assert "head.repo.full_name == github.repository" in plan["if"]
    assert apply["if"] == "github.event_name == 'push'"
    planned = " ".join(step.get("run", "") for step in plan["steps"])
    assert "deploy" not in planned
    assert {"markdown", "github"} == set(re.findall(r"--format (\w+)", planned))
    roles = [
        step["with"]["role-to-assume"]
        for job in (plan, apply)
        for step in job["steps"]
        if "configure-aws-credentials" in step.get("uses", "")
    ]
    assert roles == ["${{ vars.LAYERS_PLAN_ROLE }}", "${{ vars.LAYERS_APPLY_ROLE }}"]


def test_nothing_that_others_wrote_is_put_into_a_script() -> None:
    for script in scripts("github-actions.yml"):
        assert "${{" not in script


def test_gitlab_applies_on_the_default_branch_alone() -> None:
    document = load("gitlab-ci.yml")
    assert document["apply"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
    assert document["plan"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    assert not any("deploy" in line for line in document["plan"]["script"])


@pytest.mark.slow
def test_the_hook_of_a_commit_needs_no_aws_and_refuses_a_mistake(tmp_path: Path) -> None:
    (hooks,) = (repository["hooks"] for repository in load("pre-commit-config.yaml")["repos"])
    commit, push = hooks
    assert push["stages"] == ["pre-push"]
    assert re.search(commit["files"], "infra/layers.toml")
    assert not re.search(commit["files"], "layers.toml.md")
    (tmp_path / "layers.toml").write_text('[app]\nname = "shop"\n[layers.web]\npyton = ["3.13"]\n')
    from tests.terraform.conftest import INSTALLED

    done = subprocess.run(
        [INSTALLED, *shlex.split(commit["entry"])[1:]],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1
    assert "did you mean 'python'?" in done.stderr
