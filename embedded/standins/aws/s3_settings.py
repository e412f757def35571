"""Settings of buckets that are resources of their own.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_s3_bucket_versioning,
aws_s3_bucket_server_side_encryption_configuration, aws_s3_bucket_public_access_block,
aws_s3_bucket_policy, aws_s3_bucket_ownership_controls and aws_s3_bucket_logging.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.enums import enum
from embedded.standins.aws.resource import AwsResource, cut, gone, only, same_document
from embedded.standins.aws.s3_bucket import NO_BUCKET
from embedded.standins.checks import json_object, length, one_of
from embedded.standins.resource import Facts
from embedded.standins.values import State

_BUCKET = length("bucket", 1, 63)


class BucketSetting(AwsResource):
    """A setting of a bucket: its id is the bucket's name, and putting it is all there is."""

    service = "s3"
    absent: tuple[str, ...] = ()
    """Codes of the errors that say the bucket has no such setting."""

    @abstractmethod
    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set it."""

    @abstractmethod
    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return what is set, as attributes and blocks."""

    @abstractmethod
    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Unset it."""

    def create(self, meta: Connection, planned: State) -> State:
        """Set it."""
        bucket, client = planned["bucket"], self.client(meta, planned)
        self.put(client, bucket, planned)
        return {**planned, **self.get(client, bucket, planned), "id": self.id(planned)}

    def read(self, meta: Connection, state: State) -> State | None:
        """Return it as it is; None when it, or its bucket, is gone."""
        bucket, client = state["id"].partition(",")[0], self.client(meta, state)
        found = gone(lambda: self.get(client, bucket, state), *NO_BUCKET, *self.absent)
        if found is None:
            return None
        region = state.get("region") or meta.region
        return {**state, **found, "bucket": bucket, "region": region}

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Set it anew."""
        return self.create(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Unset it."""
        client, bucket = self.client(meta, state), state["bucket"]
        gone(lambda: self.remove(client, bucket, state), *NO_BUCKET, *self.absent)

    def id(self, state: State) -> str:
        """Return the bucket's name, and the owner's account after a comma if it is configured."""
        owner = state.get("expected_bucket_owner")
        return f"{state['bucket']},{owner}" if isinstance(owner, str) and owner else state["bucket"]


class Versioning(BucketSetting):
    """``aws_s3_bucket_versioning``."""

    facts = Facts(
        force_new=("bucket", "expected_bucket_owner", "region"),
        checks=(
            _BUCKET,
            one_of("versioning_configuration.status", "Enabled", "Suspended", "Disabled"),
            enum("versioning_configuration.mfa_delete", "s3", "MFADelete"),
        ),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set the status; Disabled is what a new bucket has, and cannot be set."""
        status = planned["versioning_configuration"][0]["status"]
        if status != "Disabled":
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return the status."""
        found = client.get_bucket_versioning(Bucket=bucket)
        configuration = {
            "status": found.get("Status", "Disabled"),
            "mfa_delete": found.get("MFADelete", ""),
        }
        return {"versioning_configuration": [configuration]}

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Suspend versioning: it cannot be taken away."""
        if state["versioning_configuration"][0]["status"] == "Enabled":
            client.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
            )


class Encryption(BucketSetting):
    """``aws_s3_bucket_server_side_encryption_configuration``.

    ``blocked_encryption_types`` is read back, and not computed (it is from 6.40.0 on, pull request
    47359 of the provider): a configuration that does not set it differs at every plan.
    """

    absent = ("ServerSideEncryptionConfigurationNotFoundError",)
    facts = Facts(
        force_new=("bucket", "expected_bucket_owner", "region"),
        checks=(
            _BUCKET,
            enum(
                "rule.apply_server_side_encryption_by_default.sse_algorithm",
                "s3",
                "ServerSideEncryption",
            ),
            enum("rule.blocked_encryption_types", "s3", "EncryptionType"),
        ),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set the rules."""
        rules = []
        for rule in planned["rule"]:
            applied = only(rule["apply_server_side_encryption_by_default"]) or {}
            encryption = {
                "SSEAlgorithm": applied.get("sse_algorithm"),
                "KMSMasterKeyID": applied.get("kms_master_key_id"),
            }
            blocked = rule["blocked_encryption_types"]
            request: dict[str, Any] = {
                "ApplyServerSideEncryptionByDefault": cut(encryption),
                "BucketKeyEnabled": rule["bucket_key_enabled"] is True,
            }
            if isinstance(blocked, list) and blocked:
                request["BlockedEncryptionTypes"] = {"EncryptionType": blocked}
            rules.append(request)
        client.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
        )

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return the rules."""
        found = client.get_bucket_encryption(Bucket=bucket)
        rules = []
        for rule in found["ServerSideEncryptionConfiguration"]["Rules"]:
            applied = rule.get("ApplyServerSideEncryptionByDefault", {})
            encryption = {
                "sse_algorithm": applied.get("SSEAlgorithm"),
                "kms_master_key_id": applied.get("KMSMasterKeyID", ""),
            }
            rules.append(
                {
                    "apply_server_side_encryption_by_default": [encryption] if applied else [],
                    "blocked_encryption_types": rule.get("BlockedEncryptionTypes", {}).get(
                        "EncryptionType"
                    ),
                    "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
                }
            )
        return {"rule": rules}

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Go back to S3's own default."""
        client.delete_bucket_encryption(Bucket=bucket)


_SWITCHES = {
    "block_public_acls": "BlockPublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "ignore_public_acls": "IgnorePublicAcls",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


class PublicAccessBlock(BucketSetting):
    """``aws_s3_bucket_public_access_block``."""

    absent = ("NoSuchPublicAccessBlockConfiguration",)
    facts = Facts(
        defaults=dict.fromkeys(_SWITCHES, False),
        force_new=("bucket", "region"),
        checks=(_BUCKET,),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set the four switches."""
        switches = {theirs: bool(planned[ours]) for ours, theirs in _SWITCHES.items()}
        client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return the four switches."""
        found = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        return {ours: found.get(theirs, False) for ours, theirs in _SWITCHES.items()}

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Unset them."""
        if not state["skip_destroy"]:
            client.delete_public_access_block(Bucket=bucket)


class Policy(BucketSetting):
    """``aws_s3_bucket_policy``."""

    absent = ("NoSuchBucketPolicy",)
    facts = Facts(
        force_new=("bucket", "region"),
        json=("policy",),
        checks=(_BUCKET, json_object("policy")),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set the policy."""
        client.put_bucket_policy(Bucket=bucket, Policy=planned["policy"])

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return the policy."""
        found = client.get_bucket_policy(Bucket=bucket)["Policy"]
        return {"policy": same_document(state["policy"], found)}

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Delete the policy."""
        client.delete_bucket_policy(Bucket=bucket)


class OwnershipControls(BucketSetting):
    """``aws_s3_bucket_ownership_controls``."""

    absent = ("OwnershipControlsNotFoundError",)
    facts = Facts(
        force_new=("bucket", "region"),
        checks=(_BUCKET, enum("rule.object_ownership", "s3", "ObjectOwnership")),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set who owns new objects."""
        rules = [{"ObjectOwnership": rule["object_ownership"]} for rule in planned["rule"]]
        client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return who owns new objects."""
        rules = client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": [{"object_ownership": rule["ObjectOwnership"]} for rule in rules]}

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Unset it."""
        client.delete_bucket_ownership_controls(Bucket=bucket)


class Logging(BucketSetting):
    """``aws_s3_bucket_logging``, without grants and partitioned prefixes."""

    facts = Facts(
        force_new=("bucket", "expected_bucket_owner", "region"),
        checks=(_BUCKET, length("target_bucket", 1, 63)),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set where the logs go."""
        enabled = {
            "TargetBucket": planned["target_bucket"],
            "TargetPrefix": planned["target_prefix"],
        }
        client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return where the logs go."""
        found = client.get_bucket_logging(Bucket=bucket).get("LoggingEnabled", {})
        return {
            "target_bucket": found.get("TargetBucket", ""),
            "target_prefix": found.get("TargetPrefix", ""),
        }

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Write no more logs."""
        client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
