"""What a bucket blocks: SSE-C, unless it is asked not to."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws
from embedded.ministack.s3_encryption import blocked_types, with_blocked_types

APPLIED = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.fixture
def bucket(aws: EmbeddedAws) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    aws.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return name


def blocked(s3: Any, bucket: str) -> list[str]:
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    (rule,) = found["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    return list(rule["BlockedEncryptionTypes"]["EncryptionType"])


def put(s3: Any, bucket: str, *types: str) -> None:
    rule = {**APPLIED, **({"BlockedEncryptionTypes": {"EncryptionType": types}} if types else {})}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def upload_with_own_key(s3: Any, bucket: str) -> None:
    key = uuid.uuid4().hex  # 32 bytes; botocore encodes it and adds its MD5
    s3.put_object(
        Bucket=bucket, Key="a", Body=b"1", SSECustomerAlgorithm="AES256", SSECustomerKey=key
    )


def test_a_new_bucket_blocks_keys_of_customers(aws: EmbeddedAws, bucket: str) -> None:
    s3 = aws.client("s3")
    assert blocked(s3, bucket) == ["SSE-C"]
    with pytest.raises(ClientError, match="AccessDenied"):
        upload_with_own_key(s3, bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")


def test_saying_nothing_leaves_them_blocked_and_none_unblocks_them(
    aws: EmbeddedAws, bucket: str
) -> None:
    s3 = aws.client("s3")
    put(s3, bucket)
    assert blocked(s3, bucket) == ["SSE-C"]
    put(s3, bucket, "NONE")
    assert blocked(s3, bucket) == ["NONE"]
    upload_with_own_key(s3, bucket)
    put(s3, bucket, "SSE-C")
    with pytest.raises(ClientError, match="AccessDenied"):
        upload_with_own_key(s3, bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert blocked(s3, bucket) == ["SSE-C"]


def test_a_type_that_does_not_exist_is_refused(aws: EmbeddedAws, bucket: str) -> None:
    with pytest.raises(ClientError, match="MalformedXML"):
        put(aws.client("s3"), bucket, "ROT13")


def test_every_rule_says_what_is_blocked_in_any_namespace() -> None:
    plain = "<C><Rule><X/></Rule><Rule><BlockedEncryptionTypes/></Rule></C>"
    assert blocked_types(with_blocked_types(plain)) == ["SSE-C"]
    spaced = '<C xmlns="urn:x"><Rule/></C>'
    assert blocked_types(with_blocked_types(spaced.encode())) == ["SSE-C"]
    assert blocked_types("<not xml") == []
