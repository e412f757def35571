"""Buckets.

Source of the facts: documentation of hashicorp/aws 6.25, resource aws_s3_bucket.
"""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.enums import unserved
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    error_code,
    gone,
    prefix_of,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import conflicts, length
from embedded.standins.errors import ProviderError
from embedded.standins.resource import Facts
from embedded.standins.values import State

NO_BUCKET = ("NoSuchBucket", "404", "NotFound")

_COMPUTED_BLOCKS = (
    "cors_rule",
    "grant",
    "lifecycle_rule",
    "logging",
    "object_lock_configuration",
    "replication_configuration",
    "server_side_encryption_configuration",
    "versioning",
    "website",
)

_NAME = re.compile(r"(?!xn--|sthree-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")

_HOSTED_ZONES = {"us-east-1": "Z3AQBSTGFYJSTF", "eu-central-1": "Z21DNDUVLTQW6Q"}
"""Hosted zones of website endpoints (AWS general reference, "Amazon S3 endpoints and quotas")."""


class Bucket(AwsResource):
    """``aws_s3_bucket``."""

    service = "s3"
    facts = Facts(
        defaults={"force_destroy": False},
        force_new=("bucket", "bucket_prefix", "object_lock_enabled", "region"),
        computed_blocks=_COMPUTED_BLOCKS,
        checks=(
            conflicts("bucket", "bucket_prefix"),
            length("bucket", 1, 63),
            length("bucket_prefix", 0, 37),
            unserved("acceleration_status", "acl", "policy", "request_payer", *_COMPUTED_BLOCKS),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the bucket."""
        client, name = self.client(meta, planned), chosen_name(planned, "bucket", "bucket_prefix")
        if not valid_name(name):
            raise ProviderError(
                f"validating S3 Bucket ({name}) name",
                "a name has 3 to 63 lower-case letters, digits, hyphens and single dots, starts "
                "and ends with a letter or digit, and is no IP address",
                path=("bucket",),
            )
        request = {
            "Bucket": name,
            "ObjectLockEnabledForBucket": planned["object_lock_enabled"] is True,
        }
        if planned["region"] != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": planned["region"]}
        client.create_bucket(**request)
        state = {
            **planned,
            "id": name,
            "bucket": name,
            "bucket_prefix": prefix_of(planned, "bucket_prefix"),
        }
        if planned["tags_all"]:
            _put_tags(client, state)
        return self._known(meta, state)

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the bucket with what other resources have set on it."""
        client = self.client(meta, state)
        if gone(lambda: client.head_bucket(Bucket=state["id"]), *NO_BUCKET) is None:
            return None
        return self._known(meta, state)

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change the tags."""
        client = self.client(meta, planned)
        if planned["tags_all"]:
            _put_tags(client, planned)
        elif prior["tags_all"]:
            client.delete_bucket_tagging(Bucket=planned["id"])
        return self._known(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the bucket; with ``force_destroy`` also all that is in it."""
        client, name = self.client(meta, state), state["id"]
        try:
            client.delete_bucket(Bucket=name)
        except ClientError as error:
            if error_code(error) in NO_BUCKET:
                return
            if error_code(error) != "BucketNotEmpty" or not state["force_destroy"]:
                raise
            empty(client, name)
            gone(lambda: client.delete_bucket(Bucket=name), *NO_BUCKET)

    def _known(self, meta: Connection, state: State) -> State:
        client, name = self.client(meta, state), state["id"]
        region = state.get("region") or meta.region
        tags = gone(lambda: client.get_bucket_tagging(Bucket=name), "NoSuchTagSet") or {}
        set_tags(meta, state, tag_map(tags.get("TagSet")))
        policy = gone(lambda: client.get_bucket_policy(Bucket=name), "NoSuchBucketPolicy") or {}
        return {
            **state,
            "bucket": name,
            "bucket_prefix": prefix_of(state, "bucket_prefix"),
            "arn": f"arn:{meta.partition}:s3:::{name}",
            "region": region,
            "bucket_region": region,
            "bucket_domain_name": f"{name}.s3.amazonaws.com",
            "bucket_regional_domain_name": f"{name}.s3.{region}.amazonaws.com",
            "hosted_zone_id": _HOSTED_ZONES.get(region, ""),
            "force_destroy": state["force_destroy"] or False,
            "object_lock_enabled": state["object_lock_enabled"] is True,
            "request_payer": "BucketOwner",
            "acceleration_status": "",
            "policy": policy.get("Policy", ""),
            **{block: [] for block in _COMPUTED_BLOCKS},
            "versioning": _versioning(client, name),
            "server_side_encryption_configuration": _encryption(client, name),
        }


def valid_name(name: str) -> bool:
    """Return whether S3 takes the name (S3 user guide, "Bucket naming rules")."""
    return bool(_NAME.fullmatch(name)) and not _ADDRESS.fullmatch(name)


def empty(client: Client, bucket: str, key: str | None = None) -> None:
    """Delete all versions and delete markers in a bucket, or those of one key."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key or "")
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        wanted = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in found
            if key in (None, version["Key"])
        ]
        if wanted:
            client.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True})


def _put_tags(client: Client, state: State) -> None:
    client.put_bucket_tagging(Bucket=state["id"], Tagging={"TagSet": tag_list(state["tags_all"])})


def _versioning(client: Client, bucket: str) -> list[State]:
    found = client.get_bucket_versioning(Bucket=bucket)
    return [
        {
            "enabled": found.get("Status") == "Enabled",
            "mfa_delete": found.get("MFADelete") == "Enabled",
        }
    ]


def _encryption(client: Client, bucket: str) -> list[State]:
    found = gone(
        lambda: client.get_bucket_encryption(Bucket=bucket),
        "ServerSideEncryptionConfigurationNotFoundError",
    )
    rules = found["ServerSideEncryptionConfiguration"]["Rules"] if found else []
    return [
        {
            "rule": [
                {
                    "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
                    "apply_server_side_encryption_by_default": [
                        {
                            "kms_master_key_id": applied.get("KMSMasterKeyID", ""),
                            "sse_algorithm": applied["SSEAlgorithm"],
                        }
                    ],
                }
            ]
        }
        for rule in rules[:1]
        for applied in [rule["ApplyServerSideEncryptionByDefault"]]
    ]
