"""Lifecycle rules of buckets.

Source of the facts: documentation of hashicorp/aws 6.25, resource
aws_s3_bucket_lifecycle_configuration. It is made with Terraform's plugin framework, whose zero
values differ: ``prefix`` of a rule is "" when it is not set, ``days`` is 0, a filter's are null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from embedded.standins.aws.connection import Client
from embedded.standins.aws.duration import PATTERN
from embedded.standins.aws.enums import enum
from embedded.standins.aws.resource import cut, only
from embedded.standins.aws.s3_settings import BucketSetting
from embedded.standins.checks import between, length, matches, one_of
from embedded.standins.resource import Facts
from embedded.standins.values import State

_SIZES = {
    "object_size_greater_than": "ObjectSizeGreaterThan",
    "object_size_less_than": "ObjectSizeLessThan",
}
_DURATION = "a duration such as 3m"


class Lifecycle(BucketSetting):
    """``aws_s3_bucket_lifecycle_configuration``."""

    absent = ("NoSuchLifecycleConfiguration",)
    facts = Facts(
        defaults={
            "expected_bucket_owner": "",
            "transition_default_minimum_object_size": "all_storage_classes_128K",
            "rule.prefix": "",
            "rule.expiration.days": 0,
            "rule.expiration.expired_object_delete_marker": False,
            "rule.filter.prefix": "",
            "rule.filter.object_size_greater_than": None,
            "rule.filter.object_size_less_than": None,
            "rule.filter.and.prefix": "",
            "rule.filter.and.object_size_greater_than": 0,
            "rule.filter.and.object_size_less_than": 0,
            "rule.transition.days": None,
        },
        force_new=("bucket", "expected_bucket_owner", "region"),
        checks=(
            length("bucket", 1, 63),
            length("rule.id", 1, 255),
            one_of("rule.status", "Enabled", "Disabled"),
            enum("rule.transition.storage_class", "s3", "TransitionStorageClass"),
            enum(
                "rule.noncurrent_version_transition.storage_class", "s3", "TransitionStorageClass"
            ),
            between("rule.noncurrent_version_expiration.noncurrent_days", 1),
            between("rule.transition.days", 0),
            length("rule", 1, 1000),
            matches("timeouts.create", PATTERN, _DURATION),
            matches("timeouts.update", PATTERN, _DURATION),
        ),
    )

    def put(self, client: Client, bucket: str, planned: State) -> None:
        """Set the rules."""
        rules = [_to_aws(rule) for rule in planned["rule"]]
        client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        )

    def get(self, client: Client, bucket: str, state: State) -> State:
        """Return the rules, in the order that the state has them in."""
        found = client.get_bucket_lifecycle_configuration(Bucket=bucket)
        order = {rule["id"]: index for index, rule in enumerate(state["rule"] or [])}
        rules = sorted(
            (_from_aws(rule) for rule in found["Rules"]),
            key=lambda rule: order.get(rule["id"], len(order)),
        )
        return {
            "rule": rules,
            "expected_bucket_owner": state["expected_bucket_owner"] or "",
            "transition_default_minimum_object_size": found.get(
                "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
            ),
        }

    def remove(self, client: Client, bucket: str, state: State) -> None:
        """Delete all rules."""
        client.delete_bucket_lifecycle(Bucket=bucket)


def _to_aws(rule: State) -> dict[str, Any]:
    request: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"]}
    if rule["prefix"]:
        request["Prefix"] = rule["prefix"]
    else:
        request["Filter"] = _filter_to_aws(only(rule["filter"]) or {})
    if aborted := only(rule["abort_incomplete_multipart_upload"]):
        days = aborted["days_after_initiation"]
        request["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if expiration := only(rule["expiration"]):
        request["Expiration"] = _expiration_to_aws(expiration)
    if expiration := only(rule["noncurrent_version_expiration"]):
        request["NoncurrentVersionExpiration"] = _noncurrent_to_aws(expiration)
    if rule["noncurrent_version_transition"]:
        transitions = [_noncurrent_to_aws(item) for item in rule["noncurrent_version_transition"]]
        request["NoncurrentVersionTransitions"] = transitions
    if rule["transition"]:
        request["Transitions"] = [
            cut({"Date": t["date"], "Days": t["days"], "StorageClass": t["storage_class"]})
            for t in rule["transition"]
        ]
    return request


def _filter_to_aws(given: State) -> dict[str, Any]:
    if combined := only(given.get("and")):
        tags = [{"Key": key, "Value": text} for key, text in (combined["tags"] or {}).items()]
        sizes = {theirs: combined[ours] or None for ours, theirs in _SIZES.items()}
        return {"And": cut({"Prefix": combined["prefix"], "Tags": tags or None, **sizes})}
    if tag := only(given.get("tag")):
        return {"Tag": {"Key": tag["key"], "Value": tag["value"]}}
    sizes = cut({theirs: given.get(ours) for ours, theirs in _SIZES.items()})
    return sizes or {"Prefix": given.get("prefix") or ""}


def _expiration_to_aws(expiration: State) -> dict[str, Any]:
    if expiration["date"] or expiration["days"]:
        return cut({"Date": expiration["date"], "Days": expiration["days"] or None})
    return {"ExpiredObjectDeleteMarker": expiration["expired_object_delete_marker"] is True}


def _noncurrent_to_aws(item: State) -> dict[str, Any]:
    return cut(
        {
            "NoncurrentDays": item["noncurrent_days"],
            "NewerNoncurrentVersions": item["newer_noncurrent_versions"],
            "StorageClass": item.get("storage_class"),
        }
    )


def _from_aws(rule: dict[str, Any]) -> State:
    aborted = rule.get("AbortIncompleteMultipartUpload")
    expired = rule.get("Expiration")
    noncurrent = rule.get("NoncurrentVersionExpiration")
    transitions = rule.get("NoncurrentVersionTransitions", [])
    return {
        "id": rule.get("ID"),
        "status": rule["Status"],
        "prefix": rule.get("Prefix", ""),
        "filter": _filter_from_aws(rule.get("Filter")),
        "abort_incomplete_multipart_upload": [
            {"days_after_initiation": aborted.get("DaysAfterInitiation")}
        ]
        if aborted
        else [],
        "expiration": [_expiration_from_aws(expired)] if expired else [],
        "noncurrent_version_expiration": [_noncurrent_from_aws(noncurrent)] if noncurrent else [],
        "noncurrent_version_transition": [
            {**_noncurrent_from_aws(item), "storage_class": item["StorageClass"]}
            for item in transitions
        ],
        "transition": [
            {
                "date": _date(item.get("Date")),
                "days": item.get("Days"),
                "storage_class": item["StorageClass"],
            }
            for item in rule.get("Transitions", [])
        ],
    }


def _filter_from_aws(found: dict[str, Any] | None) -> list[State]:
    if not found:
        return []
    combined, tag = found.get("And"), found.get("Tag")
    return [
        {
            "prefix": found.get("Prefix", ""),
            **{ours: found.get(theirs) for ours, theirs in _SIZES.items()},
            "tag": [{"key": tag["Key"], "value": tag["Value"]}] if tag else [],
            "and": [
                {
                    "prefix": combined.get("Prefix", ""),
                    "tags": {t["Key"]: t["Value"] for t in combined.get("Tags", [])} or None,
                    **{ours: combined.get(theirs, 0) for ours, theirs in _SIZES.items()},
                }
            ]
            if combined
            else [],
        }
    ]


def _expiration_from_aws(found: dict[str, Any]) -> State:
    return {
        "date": _date(found.get("Date")),
        "days": found.get("Days", 0),
        "expired_object_delete_marker": found.get("ExpiredObjectDeleteMarker", False),
    }


def _noncurrent_from_aws(found: dict[str, Any]) -> State:
    return {
        "noncurrent_days": found.get("NoncurrentDays"),
        "newer_noncurrent_versions": found.get("NewerNoncurrentVersions"),
    }


def _date(found: datetime | None) -> str | None:
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else None
