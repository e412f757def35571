from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws
from embedded.ministack.role_sizes import ROOM

TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
}


def document(*statements: Any, **layout: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, **layout)


def policy_of(length: int, **layout: Any) -> str:
    def read(name: str) -> Any:
        return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b/{name}"}

    bare = len("".join(document(read("")).split()))
    return document(read("x" * (length - bare)), **layout)


def test_a_role_takes_policies_up_to_its_room_and_no_more(aws: EmbeddedAws) -> None:
    iam, role = aws.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(TRUST))

    def put(name: str, text: str) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)

    put("one", policy_of(ROOM, indent=8))
    with pytest.raises(ClientError, match=f"Maximum policy size of {ROOM} bytes exceeded"):
        put("one", policy_of(ROOM + 1))
    put("one", policy_of(ROOM // 2))
    put("two", policy_of(ROOM // 2))
    with pytest.raises(ClientError, match="LimitExceeded"):
        put("three", policy_of(200))

    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["one", "two"]
