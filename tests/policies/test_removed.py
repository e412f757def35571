"""Each action that the publisher may do is needed: without it, a flow ends otherwise.

The flows run on the embedded AWS, which enforces IAM. ``make test`` takes a few actions out, ``make
policies`` each of them, and prints the table.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.builder.conftest import World
from tests.policies.flows import (
    ENDS,
    FLOWS,
    Flow,
    adopts,
    fails,
    ignores,
    policy,
    refuses,
    releases,
)
from tests.policies.mutations import removed

NOTICED = {
    "0: without s3:GetObject": ignores,
    "1: without s3:GetObject": refuses,
    "2: without s3:PutObject": refuses,
    "4: without codebuild:BatchGetBuilds": ignores,
    "5: without lambda:PublishLayerVersion": refuses,
    "5: without lambda:ListLayerVersions": refuses,
    "6: without lambda:GetLayerVersion": adopts,
    "6: without lambda:DeleteLayerVersion": refuses,
    "7: without logs:GetLogEvents": fails,
    "9: without lambda:GetFunctionConfiguration": releases,
    "9: without lambda:UpdateFunctionConfiguration": releases,
    "10: without lambda:ListFunctions": releases,
    "11: without lambda:ListTags": releases,
    "12: without codebuild:StartBuild": releases,
    "12: without codebuild:ListBuildsForProject": releases,
    "13: without s3:GetObject": releases,
    "14: without iam:PassRole": releases,
    "16: without s3:ListBucketVersions": releases,
    "17: without s3:DeleteObject": releases,
    "17: without s3:DeleteObjectVersion": releases,
    "18: without sns:Publish": fails,
}
"""Actions, and the flow that ends otherwise without each."""

NOT_JUDGED = {
    "1: without s3:GetObjectVersion": "Lambda and CopyObject read a version for their caller; the "
    "embedded S3 judges only the object",
    "3: without s3:ListBucket": "S3 says that an object is missing only to who may list; the "
    "embedded one says it to all",
    "8: without logs:CreateLogStream": "Lambda writes a function's log; the embedded one as itself",
    "8: without logs:PutLogEvents": "Lambda writes a function's log; the embedded one as itself",
    "10: without lambda:GetLayerVersion": "Lambda judges an update on all layers; the embedded one "
    "does not",
}
"""Actions whose lack is not noticed here, and why they are there."""

QUICK = ("4: without codebuild:BatchGetBuilds", "6: without lambda:DeleteLayerVersion")
CHOSEN = NOTICED if os.environ.get("POLICY_MUTATIONS") == "all" else QUICK


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_ends_well_under_the_whole_policy(flow: Flow, world: World) -> None:
    assert flow(world, policy(world.name)) == ENDS[flow]


def test_every_action_of_the_publisher_is_tried_or_has_a_reason() -> None:
    assert {m.name for m in removed(policy("app"))} == {*NOTICED, *NOT_JUDGED}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_without_an_action_a_flow_ends_otherwise(
    name: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    without = next(m.document for m in removed(policy(world.name)) if m.name == name)
    flow = NOTICED[name]

    seen = flow(world, without)

    with capsys.disabled():
        sys.stdout.write(f"{name:48} {flow.__name__}: {seen}\n")
    assert seen != ENDS[flow]
