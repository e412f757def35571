"""Terraform's commands other than plan and apply, and their options: none builds unasked."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

APPROVAL = "aws_s3_object.web_approval"


@pytest.fixture(scope="module")
def applied(make: Make) -> Stack:
    stack = make(layer(), layer("tools"))
    quick_builds(stack)
    stack.apply()
    return stack


@pytest.fixture
def due(applied: Stack) -> Iterator[Stack]:
    """The stack with a build of web due, which the test does not run."""
    module = applied.project / "web/web/__init__.py"
    before = module.read_text()
    applied.edit("web")
    yield applied
    module.write_text(before)


def test_refresh_only_builds_nothing_and_keeps_the_arn(applied: Stack) -> None:
    before, module = applied.output(), applied.project / "web/web/__init__.py"
    text = module.read_text()
    applied.edit("web")
    assert applied.plan("-refresh-only").writes == []
    done = applied.apply("-refresh-only")
    assert done.writes == []
    assert applied.output() == {
        **before,
        "status": "stale",
        "reason": "web/web/__init__.py changed",
    }
    assert applied.plan().changes == {APPROVAL: ["update"]}
    module.write_text(text)
    assert applied.apply().builds == 0
    assert applied.output() == before
    assert applied.plan().exit_code == 0


def test_a_plan_to_destroy_builds_and_removes_nothing(due: Stack) -> None:
    before = due.versions()
    planned = due.plan("-destroy")
    assert planned.exit_code == 2
    assert planned.writes == []
    assert set(map(tuple, planned.changes.values())) == {("delete",)}
    assert due.versions() == before


def test_console_builds_nothing(due: Stack) -> None:
    before = len(due.aws.calls())
    done = subprocess.run(
        [due.terraform.program.path, "console", "-no-color"],
        cwd=due.folder,
        env=due.terraform.environment,
        input="local.web_answer.layer_arn\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert not [call for call in due.aws.calls()[before:] if call.is_write]


def test_other_commands_read_nothing_but_the_state(due: Stack) -> None:
    for arguments in (
        ("validate",),
        ("output", "-json"),
        ("show", "-json"),
        ("state", "list"),
        ("providers",),
        ("graph",),
        ("fmt", "-check=false"),
    ):
        assert due.run(*arguments).calls == [], arguments


def test_one_operation_at_a_time_is_enough(applied: Stack) -> None:
    assert applied.plan("-parallelism=1").exit_code == 0


def test_a_targeted_plan_of_one_layer_leaves_the_other_alone(applied: Stack) -> None:
    applied.edit("web")
    applied.edit("tools")
    planned = applied.plan("-target=data.external.web_release")
    assert planned.writes == []
    assert planned.changes == {APPROVAL: ["update"]}
    done = applied.apply("-target=data.external.web_release", "-parallelism=1")
    assert done.builds == 1
    following = applied.plan()
    assert following.changes == {"aws_s3_object.tools_approval": ["update"]}
    assert applied.apply().builds == 1
    assert applied.plan().exit_code == 0


def test_a_target_that_leaves_out_the_release_builds_at_the_next_apply(applied: Stack) -> None:
    applied.edit("web")
    approved = applied.apply(f"-target={APPROVAL}", check=False)
    assert approved.builds == 0
    planned = applied.plan()
    assert planned.exit_code == 2
    assert planned.writes == []
    done = applied.apply()
    assert done.builds == 1
    assert applied.plan().exit_code == 0


def test_apply_without_refresh_builds_what_is_due(applied: Stack) -> None:
    applied.edit("web")
    planned = applied.plan("-refresh=false")
    assert planned.changes == {APPROVAL: ["update"]}
    done = applied.apply("-refresh=false")
    assert done.builds == 1
    assert applied.plan("-refresh=false").exit_code == 0
    assert applied.plan().exit_code == 0


def test_replacing_the_approval_or_the_project_builds_nothing(applied: Stack) -> None:
    arn = applied.output()["layer_arn"]
    done = applied.apply("-replace=aws_codebuild_project.build_project")
    assert done.builds == 0
    assert applied.apply(f"-replace={APPROVAL}").builds == 0
    assert applied.output()["layer_arn"] == arn
    assert applied.plan().exit_code == 0


def test_what_is_there_can_be_imported_into_an_empty_state(applied: Stack, tmp_path: Path) -> None:
    arn = applied.output()["layer_arn"]
    addresses = _importable(applied)
    state = applied.project / f"terraform.{applied.name}.tfstate"
    shutil.move(state, tmp_path / "state")
    (applied.project / f"{state.name}.backup").unlink(missing_ok=True)
    try:
        with applied.edited() as document:
            document["import"] = [{"to": to, "id": id_} for to, id_ in addresses.items()]
        done = applied.apply()
        assert f"{len(addresses)} imported" in done.stdout
        assert done.builds == 0
        assert applied.output()["layer_arn"] == arn
        assert applied.plan().exit_code == 0
    finally:
        with applied.edited() as document:
            document.pop("import", None)


def test_an_approval_can_be_imported_by_command(applied: Stack) -> None:
    applied.run("state", "rm", APPROVAL)
    done = applied.run("import", APPROVAL, f"{applied.bucket}/web/approved")
    assert done.writes == []
    assert done.builds == 0
    applied.apply()
    assert applied.plan().exit_code == 0


def _importable(stack: Stack) -> dict[str, str]:
    """Return an import id for everything in the state that has one."""
    given = {}
    resources = json.loads(json.dumps(stack.terraform.state()))["values"]["root_module"]
    for resource in resources["resources"]:
        values, kind = resource["values"], resource["type"]
        if resource["mode"] == "data" or kind == "terraform_data":
            continue
        given[resource["address"]] = {
            "aws_s3_object": f"{values.get('bucket')}/{values.get('key')}",
            "aws_iam_role_policy": f"{values.get('role')}:{values.get('name')}",
            "aws_codebuild_project": f"arn:aws:codebuild:{stack.aws.identity.region}"
            f":{stack.aws.identity.account}:project/{values.get('name')}",
        }.get(kind, values["id"])
    return given
