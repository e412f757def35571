from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.ministack.simulation import entries

ROLE = "arn:aws:iam::123456789012:role/build"
PASSED = "iam:PassedToService"


def passer(aws: EmbeddedAws) -> str:
    statement = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": ROLE,
        "Condition": {"StringEquals": {PASSED: "codebuild.amazonaws.com"}},
    }
    name = f"user-{uuid.uuid4().hex[:12]}"
    aws.user({"Version": "2012-10-17", "Statement": [statement]}, name)
    return f"arn:aws:iam::123456789012:user/{name}"


@pytest.mark.parametrize(
    ("service", "decision"),
    [("codebuild.amazonaws.com", "allowed"), ("lambda.amazonaws.com", "implicitDeny")],
)
def test_a_condition_is_judged_by_the_keys_of_the_request(
    aws: EmbeddedAws, service: str, decision: str
) -> None:
    verdict = aws.client("iam").simulate_principal_policy(
        PolicySourceArn=passer(aws),
        ActionNames=["iam:PassRole"],
        ResourceArns=[ROLE],
        ContextEntries=[
            {"ContextKeyName": "aws:SourceVpc", "ContextKeyValues": ["x"]},
            {"ContextKeyName": PASSED, "ContextKeyValues": [service], "ContextKeyType": "string"},
        ],
    )

    assert [result["EvalDecision"] for result in verdict["EvaluationResults"]] == [decision]


def test_a_role_below_a_path_has_its_permissions(aws: EmbeddedAws) -> None:
    iam, name = aws.client("iam"), f"role-{uuid.uuid4().hex[:12]}"
    allowed: Any = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    role = iam.create_role(RoleName=name, Path="/teams/data/", AssumeRolePolicyDocument="{}")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=document)

    verdict = iam.simulate_principal_policy(
        PolicySourceArn=role["Role"]["Arn"], ActionNames=["s3:GetObject", "s3:PutObject"]
    )

    decisions = [result["EvalDecision"] for result in verdict["EvaluationResults"]]
    assert decisions == ["allowed", "implicitDeny"]


def test_what_one_request_says_is_not_said_by_the_next(aws: EmbeddedAws) -> None:
    iam, user = aws.client("iam"), passer(aws)
    asked: Any = {"PolicySourceArn": user, "ActionNames": ["iam:PassRole"], "ResourceArns": [ROLE]}
    entry: Any = {"ContextKeyName": PASSED, "ContextKeyValues": ["codebuild.amazonaws.com"]}
    iam.simulate_principal_policy(**asked, ContextEntries=[entry])

    verdict = iam.simulate_principal_policy(**asked)

    assert verdict["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"


def test_entries_that_never_end_are_read_once() -> None:
    same = {f"ContextEntries.member.{n}.ContextKeyName": ["x"] for n in range(1, 9)}

    assert entries(same) == {"x": ""}
