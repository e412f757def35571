"""The hooks are who the aws provider is, where it is; who may only read can plan."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import write

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="module")
def stack(make: Make) -> Stack:
    """A stack whose providers are started by terraform, and so have its environment."""
    stack = make(reattach=False)
    quick_builds(stack)
    stack.apply()
    return stack


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def by(stack: Stack, user: Mapping[str, str], **variables: str) -> Stack:
    """Return the stack in the hands of a user, as their environment says."""
    environment = {k: v for k, v in stack.environment.items() if not k.startswith("AWS_")}
    return replace(stack, environment={**environment, **user}, variables=variables)


def documented(stack: Stack) -> list[dict[str, Any]]:
    """Return the statements that docs/permissions.md gives for plan."""
    identity = stack.aws.identity
    here = f"{identity.region}:{identity.account}"
    project, group = f"{stack.name}-layers", f"/aws/codebuild/{stack.name}-layers"
    arns = {
        "`BUCKET/*`": f"arn:aws:s3:::{stack.bucket}/*",
        "`BUCKET`": f"arn:aws:s3:::{stack.bucket}",
        "`layer:APP-*:*`": f"arn:aws:lambda:{here}:layer:{stack.name}-*:*",
        "`layer:APP-LAYER:*`": f"arn:aws:lambda:{here}:layer:{stack.name}-web:*",
        "`project/PROJECT`": f"arn:aws:codebuild:{here}:project/{project}",
        "`*` (it knows no resource)": "*",
        "the key of `signing_key`": f"arn:aws:kms:{here}:key/none-is-set",
        "the log group": f"arn:aws:logs:{here}:log-group:{group}:*",
    }
    section = DOCUMENT.read_text().split("## Plan", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| .+ \|$", section, re.MULTILINE)
    return [
        {
            "Effect": "Allow",
            "Action": re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", actions),
            "Resource": [arns[resource]],
        }
        for actions, resource in rows
    ]


REFRESH = {
    "Effect": "Allow",
    "Action": [
        *("s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"),
        *("s3:GetAccelerateConfiguration", "s3:GetReplicationConfiguration"),
        *("s3:GetObjectTagging", "s3:ListTagsForResource"),
        *("iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"),
        *("iam:ListAttachedRolePolicies", "codebuild:BatchGetProjects"),
        *("logs:DescribeLogGroups", "logs:ListTagsForResource", "logs:ListTagsLogGroup"),
    ],
    "Resource": "*",
}
"""What the providers read of the stack's resources, and nothing that the hooks read."""


def test_who_may_only_read_can_plan(stack: Stack) -> None:
    reader = by(stack, stack.aws.user(document(*documented(stack), REFRESH)))
    planned = reader.plan()
    assert planned.exit_code == 0, planned.said
    assert planned.writes == []
    module = stack.project / "web/web/__init__.py"
    before = module.read_text()
    stack.edit()
    try:
        due = reader.plan()
        assert due.exit_code == 2
        assert due.output()["reason"] == "web/web/__init__.py changed"
    finally:
        module.write_text(before)


def test_an_approval_that_could_not_be_written_is_written_by_the_next_apply(make: Make) -> None:
    """The provider keeps the planned content in the state although writing it has failed."""
    stack = make(reattach=False)
    quick_builds(stack)
    stack.apply()
    reader = by(stack, stack.aws.user(document(*documented(stack), REFRESH)))
    stack.edit()
    refused = reader.apply(check=False)
    assert (refused.exit_code, refused.builds) == (1, 0)
    planned = stack.plan()
    assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
    assert stack.apply().builds == 1
    assert stack.versions() == [1, 2]
    assert stack.plan().exit_code == 0


def test_who_may_only_read_can_make_the_first_plan(make: Make) -> None:
    stack = make(reattach=False)
    reader = by(stack, stack.aws.user(document(*documented(stack), REFRESH)))
    planned = reader.plan()
    assert planned.exit_code == 2
    assert planned.answer()["reason"] == "first build"
    assert planned.writes == []


def test_a_missing_permission_is_named(stack: Stack) -> None:
    some = [s for s in documented(stack) if s["Action"] != ["lambda:GetLayerVersion"]]
    refused = by(stack, stack.aws.user(document(*some, REFRESH))).fails("plan")
    assert "the credentials may not lambda:GetLayerVersion" in refused.said
    assert "docs/permissions.md" in refused.said
    assert "Traceback" not in refused.said


def only_they_called(outcome: Any, name: str) -> None:
    """Check that providers and hooks were the same one, by the principal's name."""
    principals = {call.principal for call in outcome.calls}
    assert all(name in principal for principal in principals), principals


def test_credentials_from_the_environment(stack: Stack) -> None:
    user = stack.aws.user(document(EVERYTHING), name=f"{stack.name}-env")
    planned = by(stack, user).plan()
    assert planned.exit_code == 0
    only_they_called(planned, f"{stack.name}-env")


def profile_of(user: dict[str, str], folder: Path, **settings: str) -> dict[str, str]:
    """Write a user's keys as a profile named work; return the environment without the keys."""
    keys = dict(
        zip(("aws_access_key_id", "aws_secret_access_key"), map(user.get, KEYS), strict=True)
    )
    lines = [f"{name} = {value}" for name, value in {**keys, **settings}.items()]
    write(folder / "config", "[profile work]\n" + "\n".join(lines) + "\n")
    write(folder / "credentials", "")
    return {
        **{name: value for name, value in user.items() if name not in KEYS},
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }


def test_credentials_from_a_profile_in_the_environment(stack: Stack, tmp_path: Path) -> None:
    user = stack.aws.user(document(EVERYTHING), name=f"{stack.name}-ambient")
    planned = by(stack, {**profile_of(user, tmp_path), "AWS_PROFILE": "work"}).plan()
    assert planned.exit_code == 0
    only_they_called(planned, f"{stack.name}-ambient")


def test_credentials_and_region_from_a_profile_of_the_provider(
    stack: Stack, tmp_path: Path
) -> None:
    user = stack.aws.user(document(EVERYTHING), name=f"{stack.name}-profile")
    environment = profile_of(user, tmp_path, region=stack.aws.identity.region)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        del environment[name]
    planned = by(stack, environment, aws_profile="work").plan()
    # How to destroy it is remembered; no build is due.
    assert planned.changes == {'terraform_data.build_retire["web"]': ["update"]}
    assert planned.output()["layer_arn"] == stack.output()["layer_arn"]
    only_they_called(planned, f"{stack.name}-profile")


def test_an_assumed_role_builds_publishes_and_destroys(make: Make) -> None:
    stack = make(reattach=False)
    quick_builds(stack)
    iam = stack.aws.client("iam")
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        f'"Principal": {{"AWS": "arn:aws:iam::{stack.aws.identity.account}:root"}}}}]}}'
    )
    role = f"{stack.name}-deploy"
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=role,
        PolicyName="all",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": "*", "Resource": "*"}]}',
    )
    assume = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [arn]}
    person = stack.aws.user(document(assume), name=f"{stack.name}-person")
    deployer = by(stack, person, assume_role_arn=arn)

    applied = deployer.apply()
    assert applied.builds == 1
    made = {c.principal for c in applied.calls if c.is_write and c.service != "sts"}
    assert {role_of(principal) for principal in made} == {role, build_role(stack)}
    assert deployer.plan().exit_code == 0
    assert deployer.destroy().exit_code == 0
    assert stack.versions() == []


def role_of(principal: str) -> str:
    """Return the name of the role in ``arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION``."""
    return principal.split("/")[1]


def build_role(stack: Stack) -> str:
    """Return the name of the role of the stack's builds."""
    return f"{stack.name}-web-{stack.aws.identity.region}-build"


REGIONS = {
    "provider": ({"aws_region": "eu-west-1"}, {"AWS_REGION": "eu-west-2"}, "eu-west-1"),
    "environment": ({}, {"AWS_REGION": "eu-west-2"}, "eu-west-2"),
}


@pytest.mark.parametrize(("variables", "environment", "region"), REGIONS.values(), ids=REGIONS)
def test_the_hooks_work_in_the_providers_region(
    stack: Stack,
    tmp_path: Path,
    variables: dict[str, str],
    environment: dict[str, str],
    region: str,
) -> None:
    _in_an_empty_state(stack, tmp_path, variables, environment, region)


def test_the_region_of_layers_toml_comes_before_the_environments(
    stack: Stack, tmp_path: Path
) -> None:
    before = stack.configuration.read_text()
    with stack.edited() as json_:
        json_["variable"]["aws_region"]["default"] = "eu-north-1"
    try:
        _in_an_empty_state(stack, tmp_path, {}, {"AWS_REGION": "eu-west-2"}, "eu-north-1")
    finally:
        stack.configuration.write_text(before)


def _in_an_empty_state(
    stack: Stack,
    folder: Path,
    variables: dict[str, str],
    environment: dict[str, str],
    region: str,
) -> None:
    elsewhere = by(stack, {**stack.aws.environment(), **environment}, **variables)
    state = stack.project / f"terraform.{stack.name}.tfstate"
    state.rename(folder / "kept")
    try:
        planned = elsewhere.plan()
    finally:
        (folder / "kept").rename(state)
    assert planned.exit_code == 2
    resources = planned.document["prior_state"]["values"]["root_module"]["resources"]
    (plan,) = (r for r in resources if r["address"] == "data.external.build_plan")
    query = plan["values"]["query"]
    assert query["region"] == region
    assert query["bucket"] == f"{stack.name}-layers-{query['account']}-{region}"
    assert planned.answer()["status"] == "missing"


def test_another_account_than_the_providers_is_reported(stack: Stack) -> None:
    before = stack.configuration.read_text()
    with stack.edited() as json_:
        for hook in json_["data"]["external"].values():
            hook["query"]["account"] = "999999999999"
    try:
        refused = stack.fails("plan")
    finally:
        stack.configuration.write_text(before)
    account = stack.aws.identity.account
    assert f"the builder would work in account {account}" in refused.said
    assert "Terraform in 999999999999" in refused.said
    assert "aws_profile and assume_role_arn" in refused.said
