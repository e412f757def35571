from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws
from embedded.calls import INTERNAL
from embedded.ministack import trust

PROJECT = "arn:aws:codebuild:eu-central-1:123456789012:project/web"


def role_that_demands(aws: EmbeddedAws, source_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": source_arn}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    name = f"role-{uuid.uuid4().hex[:8]}"
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return role["Role"]["Arn"]


def act_as_a_service(client: Any) -> None:
    def name(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = INTERNAL

    client.meta.events.register("before-send", name)


def test_a_service_assumes_a_role_on_behalf_of_the_source_it_names(aws: EmbeddedAws) -> None:
    role = role_that_demands(aws, PROJECT)
    sts = aws.client("sts", aws.environment())
    act_as_a_service(sts)
    trust.send(sts, arn=PROJECT, account="123456789012")

    answer = sts.assume_role(RoleArn=role, RoleSessionName="build")

    assert answer["Credentials"]["AccessKeyId"]


def test_another_source_is_refused(aws: EmbeddedAws) -> None:
    role = role_that_demands(aws, f"{PROJECT}-other")
    sts = aws.client("sts", aws.environment())
    act_as_a_service(sts)
    trust.send(sts, arn=PROJECT, account="123456789012")

    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="build")


def test_only_a_service_may_say_on_whose_behalf_it_acts(aws: EmbeddedAws) -> None:
    role = role_that_demands(aws, PROJECT)
    sts = aws.client("sts", aws.environment())
    trust.send(sts, arn=PROJECT, account="123456789012")

    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="build")
