"""Tags of buckets by S3 Control, as hashicorp/aws sets and reads them from 6.23.0 on."""

import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws


def s3_control(aws: EmbeddedAws, environment: dict[str, str]) -> Any:
    """Return a client that finds the host with the account before it by AWS's own proxy."""
    return boto3.Session().client(
        "s3control",
        endpoint_url=aws.url,
        region_name=aws.identity.region,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={"http": aws.url}),
    )


def test_tags_are_those_of_the_bucket(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    bucket, s3 = f"b-{uuid.uuid4().hex[:12]}", aws.client("s3")
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    names = {"AccountId": aws.identity.account, "ResourceArn": f"arn:aws:s3:::{bucket}"}
    control = s3_control(aws, aws.environment())
    assert control.list_tags_for_resource(**names)["Tags"] == [{"Key": "a", "Value": "1"}]
    control.tag_resource(**names, Tags=[{"Key": "b", "Value": "ü +-=._:/@2"}])
    control.untag_resource(**names, TagKeys=["a"])
    found = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert found == [{"Key": "b", "Value": "ü +-=._:/@2"}]

    statement = {"Effect": "Allow", "Action": "s3:ListTagsForResource", "Resource": "*"}
    user = aws.user({"Version": "2012-10-17", "Statement": [statement]})
    reader = s3_control(aws, user)
    assert reader.list_tags_for_resource(**names)["Tags"] == found
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.tag_resource(**names, Tags=[{"Key": "c", "Value": "3"}])
    stranger = s3_control(aws, {**user, "AWS_SECRET_ACCESS_KEY": "wrong"})
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        stranger.list_tags_for_resource(**names)
