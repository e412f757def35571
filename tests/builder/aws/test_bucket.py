import uuid
from typing import Any

import pytest

from builder.aws.bucket import BucketSettings, bucket_settings
from builder.aws.session import Session
from builder.errors import AwsError
from tests.builder.conftest import World


def block(world: World, bucket: str, *, policies: bool = True) -> None:
    world.aws.client("s3").put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "BlockPublicPolicy": policies,
            "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
        },
    )  # fmt: skip


def test_a_bucket_as_the_stack_makes_it_is_versioned_private_and_encrypted(world: World) -> None:
    s3 = world.aws.client("s3")
    block(world, world.name)
    s3.put_bucket_encryption(
        Bucket=world.name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )

    assert bucket_settings(world.session, world.name) == BucketSettings(True, True, True)


def test_what_a_bucket_lacks_is_seen(world: World) -> None:
    s3 = world.aws.client("s3")
    name = f"b{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    block(world, name, policies=False)

    found = bucket_settings(world.session, name)
    assert (found.versioned, found.private) == (False, False)
    s3.delete_public_access_block(Bucket=name)
    assert not bucket_settings(world.session, name).private


def test_who_may_not_see_it_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.become(monkeypatch, "s3:GetObject")

    with pytest.raises(AwsError, match="may not s3:Get"):
        bucket_settings(world.session, world.name)


def test_a_bucket_of_another_account_is_not_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    client = Session.client

    def watched(session: Session, service: str, **options: Any) -> Any:
        made = client(session, service, **options)
        made.meta.events.register("before-call.s3", lambda params, **_: sent.append(params))
        return made

    monkeypatch.setattr(Session, "client", watched)
    bucket_settings(world.session, world.name)

    owners = {params["headers"].get("x-amz-expected-bucket-owner") for params in sent}
    assert owners == {world.session.account}
