from __future__ import annotations

import json
import shlex

import pytest

from builder.report.roles import AWS, TERRAFORM, TEXT, commands, show_roles, terraform
from builder.spec.role_spec import RoleSpec

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:${x}'s/*"]}],
}
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
BARE = RoleSpec("shop-a", "/", "It", "", TRUST, "read", POLICY)
BOUND = RoleSpec("shop-b", "/teams/", "It, too", BOUNDARY, TRUST, "read", POLICY)


def test_people_see_every_document_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_roles([BARE, BOUND], form=TEXT, as_json=False)

    shown = capsys.readouterr().out
    assert shown.count("trust policy:") == shown.count("policy read:") == 2
    assert "shop-b\n  It, too\n  path: /teams/\n" in shown
    assert shown.count(BOUNDARY) == 1


def test_machines_get_the_roles_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show_roles([BOUND], form=TEXT, as_json=True)

    (found,) = json.loads(capsys.readouterr().out)
    assert RoleSpec(**found) == BOUND


def test_terraform_makes_them_and_takes_nothing_for_a_template(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_roles([BARE, BOUND], form=TERRAFORM, as_json=False)

    resources = json.loads(capsys.readouterr().out)["resource"]
    assert resources == json.loads(json.dumps(terraform([BARE, BOUND])))["resource"]
    assert "permissions_boundary" not in resources["aws_iam_role"]["shop-a"]
    assert resources["aws_iam_role"]["shop-b"]["permissions_boundary"] == BOUNDARY
    policy = resources["aws_iam_role_policy"]["shop-a"]
    assert policy["role"] == "${aws_iam_role.shop-a.id}"
    assert "arn:$${x}'s/*" in policy["policy"]


def test_commands_of_the_aws_cli_have_each_document_as_one_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_roles([BARE], form=AWS, as_json=False)

    create, put = map(shlex.split, capsys.readouterr().out.splitlines())
    assert (create[:3], put[:3]) == (
        ["aws", "iam", "create-role"],
        ["aws", "iam", "put-role-policy"],
    )
    assert json.loads(create[create.index("--assume-role-policy-document") + 1]) == TRUST
    assert json.loads(put[put.index("--policy-document") + 1]) == POLICY
    assert "--permissions-boundary" not in create
    assert BOUNDARY in commands(BOUND)[0]
