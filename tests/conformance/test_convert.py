"""JSON for hashicorp/aws 6 as JSON for 3.39.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from conformance.convert import MERGED, convert, on_loopback

EXAMPLE = Path(__file__).parents[1] / "stacks" / "example.tf.json"
AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_CODEBUILD": "http://127.0.0.1:2",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
}


def block(*attributes: str, blocks: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "block": {"attributes": dict.fromkeys(attributes), "block_types": dict.fromkeys(blocks)}
    }


def schema(document: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that knows all that the example says but ``architectures``."""
    resources = {
        kind: block("tags", *{k for one in blocks.values() for k in one} - {"architectures"})
        for kind, blocks in document["resource"].items()
    }
    resources["aws_s3_bucket_object"] = block("tags", "bucket", "key", "content", "content_type")
    resources["aws_s3_bucket"] = block(
        "tags",
        *("bucket", "force_destroy"),
        blocks=("lifecycle_rule", "server_side_encryption_configuration", "versioning"),
    )
    endpoints = {"block": {"attributes": dict.fromkeys(("s3", "ec2", "codebuild"))}}
    return {
        "provider": {"block": {"block_types": {"endpoints": endpoints}}},
        "resource_schemas": resources,
    }


@pytest.fixture
def converted() -> dict[str, Any]:
    document = json.loads(EXAMPLE.read_text())
    return convert(document, schema(document), AWS)


def test_settings_of_the_bucket_become_its_blocks(converted: dict[str, Any]) -> None:
    resources = converted["resource"]
    assert not set(MERGED) & set(resources)
    (bucket,) = resources["aws_s3_bucket"].values()
    assert bucket["versioning"] == [{"enabled": True}]
    (rule,) = bucket["server_side_encryption_configuration"][0]["rule"]
    assert "blocked_encryption_types" not in rule
    rules = {rule["id"]: rule for rule in bucket["lifecycle_rule"]}
    assert rules["forget-old-versions"]["abort_incomplete_multipart_upload_days"] == 1
    assert all("prefix" in rule for name, rule in rules.items() if name.startswith("expire-"))


def test_nothing_refers_to_what_is_no_more(converted: dict[str, Any]) -> None:
    text = json.dumps(converted)
    for kind in (*MERGED, "aws_s3_object"):
        assert f"{kind}." not in text
    approval = converted["resource"]["aws_s3_bucket_object"]["receipts_approval"]
    assert "override_provider" not in approval
    assert "tags" not in approval
    (function,) = converted["resource"]["aws_lambda_function"].values()
    assert "architectures" not in function
    assert function["tags"] == "${var.tags}"


def test_every_endpoint_is_on_loopback(converted: dict[str, Any]) -> None:
    (provider,) = converted["provider"]["aws"]
    assert provider["endpoints"] == [
        {
            "s3": "http://127.0.0.1:1",
            "ec2": "http://127.0.0.1:1",
            "codebuild": "http://127.0.0.1:2",
        }
    ]
    assert provider["skip_get_ec2_platforms"] is True
    for url in ("https://s3.amazonaws.com", "http://127.0.0.1.example.com", "http://10.0.0.1", ""):
        with pytest.raises(LayerError, match="loopback only"):
            on_loopback(url)
