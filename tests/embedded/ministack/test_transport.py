from __future__ import annotations

import json
import uuid

from embedded.aws import EmbeddedAws


def test_a_bucket_that_demands_tls_can_be_used_on_loopback(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    bucket = f"tls-{uuid.uuid4().hex[:12]}"
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": everything}
    user = aws.user({"Version": "2012-10-17", "Statement": [allow]})

    aws.client("s3", user).put_object(Bucket=bucket, Key="key", Body=b"body")

    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"body"
