"""Objects.

Source of the facts: documentation of hashicorp/aws 6.25, resource aws_s3_object. ``content`` is
never read back: a content that was changed by hand shows by the ``etag`` and ``version_id`` only,
which nobody configures. So it shows as a change outside of Terraform, and as no change to make.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import (
    AwsResource,
    cut,
    gone,
    only,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.aws.s3_bucket import NO_BUCKET, empty
from embedded.standins.checks import arn, conflicts, length, matches
from embedded.standins.resource import Facts
from embedded.standins.values import UNKNOWN, State, Value, blank

_HEADERS = {
    "cache_control": "CacheControl",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage",
    "content_type": "ContentType",
    "server_side_encryption": "ServerSideEncryption",
    "storage_class": "StorageClass",
    "website_redirect": "WebsiteRedirectLocation",
}
_CHECKSUMS = {
    f"checksum_{name.lower()}": f"Checksum{name}"
    for name in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
}
_UPLOADED = (
    *_HEADERS,
    "bucket_key_enabled",
    "checksum_algorithm",
    "content",
    "content_base64",
    "etag",
    "kms_key_id",
    "metadata",
    "source",
    "source_hash",
)
"""A change of one of these uploads the object anew."""


class Object(AwsResource):
    """``aws_s3_object``."""

    service = "s3"
    facts = Facts(
        defaults={"force_destroy": False},
        force_new=("bucket", "key", "region"),
        checks=(
            length("bucket", 1, 2048),
            length("key", 1, 1024),
            conflicts("source", "content", "content_base64"),
            conflicts("etag", "kms_key_id"),
            arn("kms_key_id"),
            enum("acl", "s3", "ObjectCannedACL"),
            enum("checksum_algorithm", "s3", "ChecksumAlgorithm"),
            enum("server_side_encryption", "s3", "ServerSideEncryption"),
            enum("storage_class", "s3", "StorageClass"),
            matches("content_base64", r"[A-Za-z0-9+/]*={0,2}", "base64"),
            unserved(
                "acl",
                "object_lock_legal_hold_status",
                "object_lock_mode",
                "object_lock_retain_until_date",
            ),
        ),
    )

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """An upload makes a new version; ``override_provider`` switches default tags off."""
        super().plan(meta, prior, planned, config)
        if prior and any(_changed(prior, planned, name) for name in _UPLOADED):
            planned["version_id"] = UNKNOWN
            if _changed(prior, planned, "source_hash"):
                planned["etag"] = UNKNOWN

    def all_tags(self, meta: Connection, planned: State, config: State) -> Value:
        """Return the object's tags alone where ``override_provider`` says so."""
        if only(config["override_provider"]) and planned["tags"] is not UNKNOWN:
            return dict(planned["tags"] or {})
        return super().all_tags(meta, planned, config)

    def create(self, meta: Connection, planned: State) -> State:
        """Upload the object."""
        request: dict[str, Any] = {
            "Bucket": planned["bucket"],
            "Key": planned["key"],
            "Body": _body(planned),
            "SSEKMSKeyId": planned["kms_key_id"],
            "BucketKeyEnabled": planned["bucket_key_enabled"],
            "ChecksumAlgorithm": planned["checksum_algorithm"],
            "Metadata": planned["metadata"],
            "Tagging": urlencode(sorted((planned["tags_all"] or {}).items())),
            **{theirs: planned[ours] for ours, theirs in _HEADERS.items()},
        }
        self.client(meta, planned).put_object(**cut(request))
        made = {**planned, "id": f"{planned['bucket']}/{planned['key']}"}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return what S3 says about the object; its content is not read."""
        client = self.client(meta, state)
        bucket, _, key = state["id"].removeprefix("s3://").partition("/")
        asked = cut({"ChecksumMode": "ENABLED" if state.get("checksum_algorithm") else None})
        found = gone(
            lambda: client.head_object(Bucket=bucket, Key=key, **asked), "NoSuchKey", *NO_BUCKET
        )
        if found is None:
            return None
        tags = client.get_object_tagging(Bucket=bucket, Key=key)
        set_tags(meta, state, tag_map(tags["TagSet"]))
        headers = {ours: found.get(theirs, "") for ours, theirs in _HEADERS.items()}
        return {
            **state,
            **headers,
            **{ours: found.get(theirs, "") for ours, theirs in _CHECKSUMS.items()},
            "id": f"{bucket}/{key}",
            "bucket": bucket,
            "key": key,
            "arn": f"arn:{meta.partition}:s3:::{bucket}/{key}",
            "region": state.get("region") or meta.region,
            "bucket_key_enabled": found.get("BucketKeyEnabled", False),
            "etag": found["ETag"].strip('"'),
            "metadata": found.get("Metadata") or (None if state["metadata"] is None else {}),
            "storage_class": found.get("StorageClass", "STANDARD"),
            "version_id": found.get("VersionId", ""),
            "force_destroy": state["force_destroy"] or False,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Upload the object anew, or only tag it."""
        if any(_changed(prior, planned, name) for name in _UPLOADED):
            return self.create(meta, planned)
        self.client(meta, planned).put_object_tagging(
            Bucket=planned["bucket"],
            Key=planned["key"],
            Tagging={"TagSet": tag_list(planned["tags_all"])},
        )
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the object, and all its versions in a versioned bucket."""
        client, bucket, key = self.client(meta, state), state["bucket"], state["key"]
        if state["version_id"]:
            gone(lambda: empty(client, bucket, key), *NO_BUCKET)
        else:
            gone(lambda: client.delete_object(Bucket=bucket, Key=key), "NoSuchKey", *NO_BUCKET)


def _changed(prior: State, planned: State, name: str) -> bool:
    one, other = prior[name], planned[name]
    return bool(one != other) and not (blank(one) and blank(other))


def _body(planned: State) -> bytes:
    if planned["source"]:
        return Path(planned["source"]).expanduser().read_bytes()
    if planned["content_base64"]:
        return base64.b64decode(planned["content_base64"])
    return (planned["content"] or "").encode()
