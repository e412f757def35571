"""Each action of builds is needed: without it a build ends otherwise, or without its log."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest

from builder.errors import LayerError
from tests.builder.conftest import World
from tests.policies.flows import arn
from tests.policies.mutations import Document, removed

NOTICED = (
    "0: without s3:GetObjectVersion",
    "1: without s3:PutObject",
    "2: without s3:GetObjectVersion",
    "4: without logs:CreateLogStream",
    "5: without logs:PutLogEvents",
)
"""Actions without which a build ends otherwise."""

SOURCE = "CodeBuild's user guide asks for it of roles with a source in S3; the embedded one reads "
NOT_JUDGED = {
    "0: without s3:GetObject": SOURCE + "the version that the build names",
    "2: without s3:GetObject": SOURCE + "the version of a part that the merge is given",
    "3: without s3:GetBucketAcl": SOURCE + "without a look at the bucket",
    "3: without s3:GetBucketLocation": SOURCE + "without a look at the bucket",
}
"""Actions whose lack is not noticed here, and why they are there."""

QUICK = ("1: without s3:PutObject",)
CHOSEN = NOTICED if os.environ.get("POLICY_MUTATIONS") == "all" else QUICK

ENDS = {"outcome": "released", "versions": [1], "logged": True}


def policy(name: str) -> Document:
    """Return the policy of the builds of the layer ``web``."""
    from modules.layer import policies  # here: the package starts Node

    logs = arn("logs", f"log-group:/aws/codebuild/{name}")
    document: Document = policies.build(f"arn:aws:s3:::{name}", "web", logs)
    return document


def build(world: World, document: Document) -> dict[str, Any]:
    """Build for two runtimes, merge the parts, publish."""
    # The stack makes it: builds may not.
    world.aws.client("logs").create_log_group(logGroupName=f"/aws/codebuild/{world.name}")
    world.aws.client("iam").put_role_policy(
        RoleName=world.role.rpartition("/")[2],
        PolicyName="p",
        PolicyDocument=json.dumps(document),
    )
    try:
        world.release(world.layer(python=("3.12", "3.13")))
        outcome = "released"
    except LayerError as error:
        outcome = type(error).__name__
    return {"outcome": outcome, "versions": world.versions(), "logged": _logged(world)}


def _logged(world: World) -> bool:
    logs = world.aws.client("logs")
    found = logs.filter_log_events(
        logGroupName=f"/aws/codebuild/{world.name}", logStreamNamePrefix="web/"
    )
    return bool(found["events"])


@pytest.mark.slow
def test_a_build_ends_well_under_the_whole_policy(world: World) -> None:
    assert build(world, policy(world.name)) == ENDS


def test_every_action_of_builds_is_tried_or_has_a_reason() -> None:
    assert {m.name for m in removed(policy("app"))} == {*NOTICED, *NOT_JUDGED}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_without_an_action_a_build_ends_otherwise(
    name: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    without = next(m.document for m in removed(policy(world.name)) if m.name == name)

    seen = build(world, without)

    with capsys.disabled():
        sys.stdout.write(f"{name:48} builds: {seen}\n")
    assert seen != ENDS
