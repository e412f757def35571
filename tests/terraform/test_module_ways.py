"""Terraform's own commands and options on a root that calls the module, as people use them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer, write

FORMS = ("module",)

APPROVAL = "aws_s3_object.web_approval"
WITHIN = 300
"""Seconds that a command may take on a busy machine."""


@pytest.fixture(scope="module")
def root(make: Make) -> Stack:
    """A root that is applied; each test leaves it so that a plan changes nothing."""
    root = make()
    quick_builds(root)
    root.apply()
    return root


def test_without_a_refresh_what_is_due_is_built_and_nothing_else_changes(root: Stack) -> None:
    assert root.plan("-refresh=false").exit_code == 0
    root.edit()
    planned = root.plan("-refresh=false")
    assert (planned.changes, planned.writes) == ({APPROVAL: ["update"]}, [])
    assert root.apply("-refresh=false", "-parallelism=1").builds == 1
    assert root.plan().exit_code == 0


def test_the_first_apply_may_be_of_one_layer_alone(make: Make) -> None:
    root = make(layer("plain"), layer())
    quick_builds(root)
    target = '-target=module.layers.data.external.layer_release["plain"]'
    planned = root.plan(target)
    assert (planned.exit_code, planned.writes) == (2, [])
    done = root.apply(target, check=False)
    assert (done.builds, root.versions("plain"), root.versions()) == (1, [1], [])
    assert "Layer web has no release of what is planned (status missing" in done.said
    assert root.apply().builds == 1
    assert (root.versions("plain"), root.versions()) == ([1], [1])
    assert root.plan().exit_code == 0
    root.destroy()


FORGOTTEN = (
    'aws_s3_object.layer_approval["web"]',
    'terraform_data.build_retire["web"]',
    "terraform_data.build_remembered",
)


@pytest.mark.parametrize("address", FORGOTTEN)
def test_what_the_state_forgets_is_made_again_without_a_build(root: Stack, address: str) -> None:
    versions, arn = root.versions(), root.output()["layer_arn"]
    root.run("state", "rm", f"module.layers.{address}")
    planned = root.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    applied = root.apply()
    assert (applied.builds, root.versions()) == (0, versions)
    assert root.output()["layer_arn"] == arn
    assert root.plan().exit_code == 0


def test_what_the_state_forgets_of_aws_is_imported_and_nothing_is_built(root: Stack) -> None:
    versions = root.versions()
    region = root.aws.identity.region
    found = {
        "aws_s3_bucket.build_bucket": root.bucket,
        "aws_cloudwatch_log_group.build_logs": f"/aws/codebuild/{root.name}-layers",
        "aws_codebuild_project.build_project": f"{root.name}-layers",
        "aws_iam_role.build_role[0]": f"{root.name}-layers-{region}",
        'aws_iam_role.layer_role["web"]': f"{root.name}-web-{region}-build",
        'aws_iam_role_policy.layer_permissions["web"]': f"{root.name}-web-{region}-build:build",
        "aws_s3_bucket_versioning.build_versioning": root.bucket,
    }
    for address, identifier in found.items():
        root.run("state", "rm", f"module.layers.{address}")
        root.run("import", f"module.layers.{address}", identifier)
    planned = root.plan()
    assert not [a for a, actions in planned.changes.items() if actions != ["update"]], planned.said
    applied = root.apply()
    assert (applied.builds, root.versions()) == (0, versions)
    assert root.plan().exit_code == 0


def test_the_console_shows_arns_and_does_nothing(root: Stack) -> None:
    arn = root.output()["layer_arn"]
    assert (_asked(root, 'module.layers.arns["web"]'), root.plan().exit_code) == (f'"{arn}"', 0)
    before = len(root.aws.calls())
    with root.restored(root.project / "web"):
        root.edit()
        _asked(root, 'module.layers.reasons["web"]')
        made = root.aws.calls()[before:]
    assert [call for call in made if call.is_write] == []


def _asked(root: Stack, expression: str) -> str:
    variables = [f"-var={name}={value}" for name, value in root.variables.items()]
    done = subprocess.run(
        [str(root.terraform.program.path), "console", *variables],
        cwd=root.folder,
        env=root.terraform.environment,
        input=expression,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    return done.stdout.strip()


def test_a_folder_of_any_name_a_data_folder_elsewhere_and_options_of_the_environment(
    make: Make, tmp_path: Path
) -> None:
    root = make(reattach=False)
    quick_builds(root)
    folder = tmp_path / "Schönes Layer-Projekt (日本) 'n' $HOME"
    shutil.copytree(root.folder, folder, ignore=shutil.ignore_patterns(".terraform*"))
    environment = {
        **root.terraform.environment,
        "TF_DATA_DIR": str(tmp_path / "data elsewhere"),
        "TF_CLI_ARGS_plan": "-parallelism=2 -compact-warnings",
        "TF_CLI_ARGS_apply": "-auto-approve -lock-timeout=5s",
    }
    program = str(root.terraform.program.path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, f"-chdir={folder.name}", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )

    said: list[Any] = [run("init"), run("apply"), run("plan", "-detailed-exitcode")]
    assert [done.returncode for done in said] == [0, 0, 0], [done.stderr for done in said]
    assert root.versions() == [1]
    assert not (folder / ".terraform").exists()
    write(folder / "web/web/__init__.py", "ANSWER = 43\n")
    due = run("plan", "-detailed-exitcode")
    assert (due.returncode, "1 to change, 0 to destroy" in due.stdout) == (2, True), due.stdout
    ended = run("apply", "-destroy")
    assert (ended.returncode, root.versions()) == (0, []), ended.stderr


def test_two_calls_with_two_providers_make_two_sets_of_names(make: Make) -> None:
    root = make()
    with root.edited() as document:
        here = document["provider"]["aws"]
        document["provider"]["aws"] = [here, {**here, "alias": "other", "region": "eu-west-2"}]
        call = document["module"]["layers"]
        document["module"]["elsewhere"] = {**call, "providers": {"aws": "aws.other"}}
    root.run("init")
    planned = root.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    names: dict[str, list[str]] = {}
    for change in planned.document["resource_changes"]:
        after = change["change"]["after"] or {}
        if change["type"] in ("aws_iam_role", "aws_s3_bucket"):
            names.setdefault(change["type"], []).append(after.get("name") or after["bucket"])
    for kind, found in names.items():
        assert len(found) == len(set(found)) > 1, (kind, found)
