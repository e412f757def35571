from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws

KEYS = [
    "arn:aws:kms:eu-central-1:123456789012:key/a",
    "arn:aws:kms:eu-central-1:123456789012:key/b",
]


def test_a_log_group_takes_another_key_and_none(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    name = f"keyed-{uuid.uuid4().hex[:10]}"
    logs.create_log_group(logGroupName=name, kmsKeyId=KEYS[0])

    def key() -> str:
        (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return group.get("kmsKeyId", "")

    logs.associate_kms_key(logGroupName=name, kmsKeyId=KEYS[1])
    assert key() == KEYS[1]
    logs.disassociate_kms_key(logGroupName=name)
    assert key() == ""
    arn = f"arn:aws:logs:eu-central-1:123456789012:log-group:{name}"
    logs.associate_kms_key(resourceIdentifier=arn, kmsKeyId=KEYS[0])
    assert key() == KEYS[0]
    with pytest.raises(ClientError, match="does not exist"):
        logs.associate_kms_key(logGroupName=f"{name}-none", kmsKeyId=KEYS[1])
