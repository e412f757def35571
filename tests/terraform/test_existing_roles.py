"""Roles that an administrator makes: who applies may write nothing in IAM."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.listing import every
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import INSTALLED, TEMPLATE, Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import PYTHON, layer, write
from tests.terraform.test_credentials import by, document

FORMS = ("stack", "module")

PASSES: Mapping[str, Any] = {
    "Effect": "Allow",
    "Action": ["iam:PassRole", "iam:GetRole"],
    "Resource": "arn:aws:iam::*:role/APP-*",
}
REST: Mapping[str, Any] = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

PROVIDER = {
    "variable": {"aws_region": {"default": ""}},
    "provider": {"aws": {"skip_credentials_validation": True, "skip_region_validation": True}},
}


def described(stack: Stack, **app: str) -> Path:
    """Return the layers.toml of a stack; ``app`` are keys of [app] as TOML."""
    keys = {"name": json.dumps(stack.name), "roles": '"existing"', **app}
    lines = "\n".join(f"{key} = {value}" for key, value in keys.items())
    write(
        stack.project / "layers.toml",
        f'[app]\n{lines}\n[layers.web]\npackage = "web"\npython = ["{PYTHON}"]\n'
        'architecture = "x86_64"\nsize_check = "off"\n',
    )
    return stack.project / "layers.toml"


def said(stack: Stack, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run the installed command on the stack's layers.toml; return what it writes."""
    done = subprocess.run(
        [str(INSTALLED), "--config", str(stack.project / "layers.toml"), *words],
        capture_output=True, text=True, env=stack.environment, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def told(stack: Stack, *words: str) -> str:
    """Return what the command writes of the roles: by layers.toml, or by a plan of the module."""
    if not isinstance(stack, ModuleRoot):
        return said(stack, "roles", *words)
    target = "-target=module.layers.terraform_data.build_roles"
    planned = stack.plan(target, file="roles.tfplan")
    assert planned.writes == []
    write(stack.folder / "roles.json", json.dumps(planned.document))
    return said(stack, "roles", "--plan", str(stack.folder / "roles.json"), *words)


def administrator(stack: Stack, folder: Path) -> Stack:
    """Return a folder of an administrator, with the roles as the command writes them."""
    write(folder / "roles.tf.json", told(stack, "--format", "terraform"))
    write(folder / "provider.tf.json", json.dumps(PROVIDER))
    plain = {each.name: getattr(stack, each.name) for each in fields(Stack)}
    his = Stack(**{**plain, "folder": folder, "variables": {}})
    his.run("init")
    return his


def applier(stack: Stack) -> Stack:
    """Return the stack in the hands of who may write nothing in IAM."""
    passes = json.loads(json.dumps(PASSES).replace("APP", stack.name))
    user = stack.aws.user(document(REST, passes), name=f"{stack.name}-applier")
    return by(stack, user)


def roles_of(stack: Stack) -> set[str]:
    names = [role["RoleName"] for role in every(stack.aws.client("iam"), "list_roles")]
    return {name for name in names if name.startswith(f"{stack.name}-")}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_who_may_write_nothing_in_iam_builds_edits_and_destroys(
    make: Make, tmp_path: Path, is_async: bool
) -> None:
    mode = {"sync_mode": False} if is_async else {}
    stack = make(reattach=False, app={"roles": "existing", **mode})
    quick_builds(stack)
    described(stack, **({"sync_mode": "false"} if is_async else {}))
    mine = applier(stack)

    refused = mine.fails("plan")
    assert f"there is no role {stack.name}-layers-afa-" in refused.said
    assert "lambda-layer roles" in refused.said
    assert mine.fails("apply", "-auto-approve").writes == []

    administrator(stack, tmp_path).apply()
    made = roles_of(stack)
    assert len(made) == (3 if is_async else 2)
    assert mine.plan().exit_code == 2
    applied = mine.apply()
    assert applied.builds == 1
    wait_until(lambda: stack.versions() == [1], "the first release")
    mine.apply()
    assert mine.plan().exit_code == 0

    stack.edit()
    assert mine.apply().builds == 1
    wait_until(lambda: stack.versions() == [1, 2], "the second release")
    assert mine.destroy().exit_code == 0
    assert stack.versions() == []
    assert roles_of(stack) == made
    written = {call.operation for call in applied.calls if call.service == "iam" and call.is_write}
    assert written == set()


def documents(stack: Stack, name: str) -> dict[str, Any]:
    """Return a role as AWS has it, in the words of the command."""
    iam = stack.aws.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "name": name,
        "path": role["Path"],
        "description": role["Description"],
        "permissions_boundary": role.get("PermissionsBoundary", {}).get(
            "PermissionsBoundaryArn", ""
        ),
        "trust": role["AssumeRolePolicyDocument"],
        "policy_name": policy,
        "policy": iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"],
    }


def hand_over(stack: Stack, synthesized: Callable[..., Path]) -> None:
    """Let the stack say that its roles are an administrator's."""
    if isinstance(stack, ModuleRoot):
        with stack.edited() as root:
            root["module"]["layers"]["roles"] = "existing"
        return
    before = json.loads(stack.configuration.read_text())["resource"]["aws_codebuild_project"]
    source = synthesized(layer(), settings={"sync_mode": False, "roles": "existing"})
    write(stack.configuration, source.read_text().replace(TEMPLATE, stack.name))
    stack.stay()
    stack.use_buildspec(before["build_project"]["source"]["buildspec"])


def test_roles_are_handed_to_an_administrator_and_taken_back(
    make: Make, tmp_path: Path, synthesized: Callable[..., Path]
) -> None:
    ours = make(app={"sync_mode": False})
    quick_builds(ours)
    described(ours, roles='"create"', sync_mode="false")
    ours.apply()
    wait_until(lambda: ours.versions() == [1], "the publisher's release")

    # The command tells what the stack has made, document by document.
    own = json.loads(said(ours, "roles", "--json"))
    assert {role["name"] for role in own} == roles_of(ours)
    assert [documents(ours, role["name"]) for role in own] == own

    described(ours, sync_mode="false")
    before = ours.configuration.read_text()
    hand_over(ours, synthesized)
    theirs = json.loads(told(ours, "--json"))
    administrator(ours, tmp_path).apply()
    assert [documents(ours, role["name"]) for role in theirs] == theirs
    findings = json.loads(said(ours, "doctor", "--json", codes=(0, 1)))
    judged = [each["verdict"] for each in findings if each["subject"].startswith("role ")]
    assert judged == ["ok", "ok", "ok"]

    assert ours.apply().builds == 0
    assert roles_of(ours) == {role["name"] for role in theirs}
    ours.edit()
    ours.apply()
    wait_until(lambda: ours.versions() == [1, 2], "the release under the new roles")

    write(ours.configuration, before)
    assert ours.apply().builds == 0
    assert roles_of(ours) == {role["name"] for role in [*own, *theirs]}
    ours.apply()
    assert ours.plan().exit_code == 0
    ours.destroy()
    assert roles_of(ours) == {role["name"] for role in theirs}
