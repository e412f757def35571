"""Whose a bucket is: the caller's own first, and whoever's it is else."""

import uuid
from types import ModuleType
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.ministack import s3_owners


def test_a_bucket_of_ones_own_is_found_without_a_look_at_others_and_others_by_one() -> None:
    looked: list[str] = []

    def among_all(name: str) -> str | None:
        looked.append(name)
        return {"theirs": "210987654321"}.get(name)

    s3: Any = ModuleType("s3")
    s3._buckets, s3.get_account_id = {"mine": {}}, lambda: "123456789012"
    s3._bucket_owner_account = among_all
    s3_owners.correct(s3)

    found = [s3._bucket_owner_account(name) for name in ("mine", "theirs", "nobodys")]

    assert found == ["123456789012", "210987654321", None]
    assert looked == ["theirs", "nobodys"]


def test_a_bucket_is_ones_own_once_it_is_made_and_until_it_is_deleted(aws: EmbeddedAws) -> None:
    s3, name = aws.client("s3"), f"b-{uuid.uuid4().hex[:12]}"

    def make() -> None:
        s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )

    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=name)
    make()
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
    with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
        make()
    s3.delete_bucket(Bucket=name)
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=name)
