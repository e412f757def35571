"""Terraform JSON for hashicorp/aws 6 as JSON for 3.39.0, which says the same.

Sources: the provider's upgrade guides to versions 4 (bucket settings become resources of their own,
aws_s3_bucket_object becomes aws_s3_object) and 6 (``region`` of aws_region), its documentation of
3.39 (what a provider block takes), and its schema.
"""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from builder.errors import LayerError

Document = dict[str, Any]

MERGED = (
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
)
"""Resources that are blocks of the bucket in 3.39."""

RUNTIME = "python3.8"
"""The newest that 3.39 lets a function have."""

OWNERSHIP = "BucketOwnerPreferred"
"""The nearest to BucketOwnerEnforced, which is newer."""


def convert(document: Document, schema: Mapping[str, Any], aws: Mapping[str, str]) -> Document:
    """Return the document for 3.39; ``aws`` is the environment of an AWS on loopback.

    ``schema`` is what ``terraform providers schema -json`` says of the provider. Attributes that it
    does not know are left out. Raise LayerError for an AWS beyond loopback.
    """
    text = json.dumps(document)
    text = text.replace("aws_s3_object.", "aws_s3_bucket_object.")
    text = text.replace("data.aws_region.build_region.region", "data.aws_region.build_region.name")
    converted: Document = json.loads(text)
    converted["terraform"]["required_providers"]["aws"]["version"] = "3.39.0"
    converted["provider"]["aws"] = [provider_block(schema, aws)]
    resources = converted["resource"]
    resources["aws_s3_bucket_object"] = resources.pop("aws_s3_object")
    _merge_into_bucket(resources)
    for function in resources.get("aws_lambda_function", {}).values():
        function["runtime"] = RUNTIME
        # Resources have a region from 6.0 on.
        function.get("lifecycle", {}).pop("postcondition", None)
    for ownership in resources["aws_s3_bucket_ownership_controls"].values():
        ownership["rule"]["object_ownership"] = OWNERSHIP
    _tag(resources, schema)
    _leave_out(resources, schema)
    _repoint(converted)
    return converted


def provider_block(schema: Mapping[str, Any], aws: Mapping[str, str]) -> Document:
    """Return the provider's block: every service's endpoint is on loopback."""
    known = schema["provider"]["block"]["block_types"]["endpoints"]["block"]["attributes"]
    endpoints = {}
    for service in known:
        url = aws.get(f"AWS_ENDPOINT_URL_{service.upper()}", aws["AWS_ENDPOINT_URL"])
        endpoints[service] = on_loopback(url)
    return {
        "region": aws["AWS_REGION"],
        "access_key": aws["AWS_ACCESS_KEY_ID"],
        "secret_key": aws["AWS_SECRET_ACCESS_KEY"],
        "endpoints": [endpoints],
        "s3_force_path_style": True,
        "skip_credentials_validation": True,
        "skip_get_ec2_platforms": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": False,
    }


def on_loopback(url: str) -> str:
    """Return the URL; raise LayerError when its host is not a loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise LayerError(
            "the real provider is run against an AWS on loopback only",
            where=url,
            expected="a host such as 127.0.0.1",
            fix="start the embedded AWS and use its environment",
        )
    return url


def _merge_into_bucket(resources: Document) -> None:
    (bucket,) = resources["aws_s3_bucket"].values()
    (lifecycle,) = resources.pop(MERGED[0]).values()
    (encryption,) = resources.pop(MERGED[1]).values()
    (versioning,) = resources.pop(MERGED[2]).values()
    rules = copy.deepcopy(encryption["rule"])
    for rule in rules:
        rule.pop("blocked_encryption_types", None)
    bucket["server_side_encryption_configuration"] = [{"rule": rules}]
    status = versioning["versioning_configuration"]["status"]
    bucket["versioning"] = [{"enabled": status == "Enabled"}]
    bucket["lifecycle_rule"] = [_lifecycle_rule(rule) for rule in lifecycle["rule"]]


def _lifecycle_rule(rule: Mapping[str, Any]) -> Document:
    (condition,) = rule["filter"]
    converted: Document = {"id": rule["id"], "enabled": rule["status"] == "Enabled"}
    if condition.get("prefix"):
        converted["prefix"] = condition["prefix"]
    if "expiration" in rule:
        converted["expiration"] = [{"days": rule["expiration"][0]["days"]}]
    if "noncurrent_version_expiration" in rule:
        days = rule["noncurrent_version_expiration"][0]["noncurrent_days"]
        converted["noncurrent_version_expiration"] = [{"days": days}]
    if "abort_incomplete_multipart_upload" in rule:
        days = rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"]
        converted["abort_incomplete_multipart_upload_days"] = days
    return converted


def _tag(resources: Document, schema: Mapping[str, Any]) -> None:
    # 3.39 cannot take default tags away from one resource, as the approval does. So each resource
    # names the tags for itself, which comes to the same.
    for kind, blocks in resources.items():
        if "tags" not in _attributes(schema, kind) or kind == "aws_s3_bucket_object":
            continue
        for block in blocks.values():
            block["tags"] = "${var.tags}"


def _leave_out(resources: Document, schema: Mapping[str, Any]) -> None:
    for kind, blocks in resources.items():
        if not kind.startswith("aws_"):
            continue
        known = {*_attributes(schema, kind), *_blocks(schema, kind), *_META}
        for name, block in blocks.items():
            blocks[name] = {key: value for key, value in block.items() if key in known}


_META = ("//", "count", "depends_on", "for_each", "lifecycle", "provider")


def _attributes(schema: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (
        schema["resource_schemas"].get(kind, {}).get("block", {}).get("attributes", {})
    )
    return found


def _blocks(schema: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (
        schema["resource_schemas"].get(kind, {}).get("block", {}).get("block_types", {})
    )
    return found


def _repoint(document: Document) -> None:
    """Let what waits for a merged resource wait for the bucket."""
    (bucket,) = document["resource"]["aws_s3_bucket"]
    for section in ("resource", "data"):
        for blocks in document[section].values():
            for block in blocks.values():
                waits = block.get("depends_on", [])
                moved = [
                    f"aws_s3_bucket.{bucket}" if wait.partition(".")[0] in MERGED else wait
                    for wait in waits
                ]
                if waits:
                    block["depends_on"] = sorted(set(moved))
