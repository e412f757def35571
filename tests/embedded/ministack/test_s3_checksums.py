"""The checksum of a copy: computed by the service over what it copied."""

import base64
import hashlib
import uuid

import pytest

from embedded.aws import EmbeddedAws

CONTENT = b"layer" * 1000
SHA256 = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


@pytest.fixture
def bucket(aws: EmbeddedAws) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket=name, Key="a", Body=CONTENT)
    return name


def test_a_copy_has_the_checksum_that_was_asked_for(aws: EmbeddedAws, bucket: str) -> None:
    s3, source = aws.client("s3"), {"Bucket": bucket, "Key": "a"}
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource=source, ChecksumAlgorithm="SHA256")  # type: ignore[arg-type]

    assert copied["CopyObjectResult"]["ChecksumSHA256"] == SHA256
    asked = s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    assert (asked["ChecksumSHA256"], asked["ChecksumType"]) == (SHA256, "FULL_OBJECT")
    assert {name for name in asked if name.startswith("ChecksumCRC")} == set()
    assert "ChecksumSHA256" not in set(s3.head_object(Bucket=bucket, Key="b"))
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == CONTENT


def test_a_copy_that_asks_for_none_keeps_that_of_its_source(aws: EmbeddedAws, bucket: str) -> None:
    s3, source = aws.client("s3"), {"Bucket": bucket, "Key": "a"}
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource=source)  # type: ignore[arg-type]

    assert "ChecksumSHA256" not in set(copied["CopyObjectResult"])
    asked = s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    assert "ChecksumSHA256" not in set(asked)
