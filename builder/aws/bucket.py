"""S3: how a bucket is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.aws.store import own_buckets

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class BucketSettings:
    """What matters of a bucket."""

    versioned: bool
    private: bool
    encrypted: bool


def bucket_settings(session: Session, bucket: str) -> BucketSettings:
    """Return how a bucket is set up; raise AwsError when that may not be seen."""
    s3 = own_buckets(session)
    with explained("s3:GetBucketVersioning", f"s3://{bucket}"):
        versioning = s3.get_bucket_versioning(Bucket=bucket)
    return BucketSettings(
        versioned=versioning.get("Status") == "Enabled",
        private=_private(s3, bucket),
        encrypted=_encrypted(s3, bucket),
    )


def _private(s3: S3Client, bucket: str) -> bool:
    with explained("s3:GetBucketPublicAccessBlock", f"s3://{bucket}"):
        try:
            answer = s3.get_public_access_block(Bucket=bucket)
        except ClientError as error:
            if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
                return False
            raise
    settings: dict[str, Any] = dict(answer["PublicAccessBlockConfiguration"])
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return all(settings.get(name) for name in blocks)


def _encrypted(s3: S3Client, bucket: str) -> bool:
    with explained("s3:GetEncryptionConfiguration", f"s3://{bucket}"):
        try:
            answer = s3.get_bucket_encryption(Bucket=bucket)
        except ClientError as error:
            if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError":
                return False
            raise
    return bool(answer["ServerSideEncryptionConfiguration"]["Rules"])
