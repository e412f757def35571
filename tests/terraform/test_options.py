"""The options of companies on the embedded AWS: applied, used by a build, and destroyed."""

from __future__ import annotations

import json
import uuid
from typing import Any

from embedded.aws import EmbeddedAws
from tests.listing import every
from tests.patience import wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make

FORMS = ("stack", "module")


def every_option(aws: EmbeddedAws) -> dict[str, Any]:
    """Return settings of an application, and make in AWS what they name."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    signing = aws.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    logs = f"access-{uuid.uuid4().hex[:10]}"
    aws.client("s3").create_bucket(
        Bucket=logs, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    boundary = aws.client("iam").create_policy(
        PolicyName=f"boundary-{logs}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )["Policy"]["Arn"]
    queue = aws.client("sqs").create_queue(QueueName=f"dead-{logs}")["QueueUrl"]
    dead = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    network = {
        "id": "vpc-0123abcd",
        "subnets": ("subnet-0123abcd",),
        "security_groups": ("sg-0123abcd",),
    }
    return {
        "sync_mode": False,
        "kms_key": key,
        "signing_key": signing["KeyMetadata"]["Arn"],
        "permissions_boundary": boundary,
        "role_path": "/teams/data/",
        "access_logs": logs,
        "vpc": network,
        "tracing": True,
        "dead_letter": dead["Attributes"]["QueueArn"],
        "log_retention_days": 365,
    }


def test_with_every_option_it_builds_publishes_and_goes(make: Make, aws: EmbeddedAws) -> None:
    options = every_option(aws)
    key, boundary, logs = (options[n] for n in ("kms_key", "permissions_boundary", "access_logs"))
    stack = make(app=options)
    quick_builds(stack)

    stack.apply()
    wait_until(lambda: stack.versions() == [1], "the publisher's release")
    stack.apply()

    assert stack.plan().exit_code == 0
    head = aws.client("s3").head_object(Bucket=stack.bucket, Key="web/record.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    kept = aws.client("s3").list_objects_v2(Bucket=stack.bucket, Prefix="web/artifacts/")
    assert [
        each["Key"] for each in kept["Contents"] if each["Key"].endswith("/provenance.dsse.json")
    ]
    logging = aws.client("s3").get_bucket_logging(Bucket=stack.bucket)["LoggingEnabled"]
    assert logging == {"TargetBucket": logs, "TargetPrefix": f"{stack.bucket}/"}
    roles = every(aws.client("iam"), "list_roles")
    own = [role["RoleName"] for role in roles if role["RoleName"].startswith(stack.name)]
    assert len(own) >= 3
    for name in own:
        role = aws.client("iam").get_role(RoleName=name)["Role"]
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary, name
        assert role["Path"] == "/teams/data/", name
    project = aws.client("codebuild").batch_get_projects(names=[f"{stack.name}-layers"])
    assert project["projects"][0]["vpcConfig"]["subnets"] == ["subnet-0123abcd"]
    groups = every(aws.client("logs"), "describe_log_groups")
    mine = [group for group in groups if f"/{stack.name}-layers" in group["logGroupName"]]
    assert {(group["retentionInDays"], group.get("kmsKeyId")) for group in mine} == {(365, key)}
    publisher = aws.client("lambda").get_function_configuration(
        FunctionName=f"{stack.name}-layers-publisher"
    )
    assert publisher["TracingConfig"]["Mode"] == "Active"
    assert publisher["DeadLetterConfig"]["TargetArn"] == options["dead_letter"]
    assert publisher["KMSKeyArn"] == key

    stack.destroy()
    assert stack.versions() == []
