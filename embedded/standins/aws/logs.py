"""Log groups of CloudWatch Logs.

Source of the facts: documentation of hashicorp/aws 6.25, resource aws_cloudwatch_log_group.
"""

from __future__ import annotations

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.enums import enum
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    cut,
    dropped,
    gone,
    prefix_of,
    set_tags,
)
from embedded.standins.checks import arn, conflicts, matches, one_of
from embedded.standins.resource import Facts
from embedded.standins.values import State

_GONE = "ResourceNotFoundException"

RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Retentions that exist; 0 keeps for ever (CloudWatch Logs API, PutRetentionPolicy)."""


class LogGroup(AwsResource):
    """``aws_cloudwatch_log_group``."""

    service = "logs"
    facts = Facts(
        defaults={"retention_in_days": 0, "skip_destroy": False},
        force_new=("log_group_class", "name", "name_prefix", "region"),
        checks=(
            conflicts("name", "name_prefix"),
            matches("name", r"[\w./#-]{1,512}", "a name of letters, digits and _-/.#"),
            matches("name_prefix", r"[\w./#-]{1,483}", "a prefix of letters, digits and _-/.#"),
            one_of("retention_in_days", *RETENTION_DAYS),
            enum("log_group_class", "logs", "LogGroupClass"),
            arn("kms_key_id"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the log group."""
        name = chosen_name(planned)
        request = {
            "logGroupName": name,
            "kmsKeyId": planned["kms_key_id"],
            "logGroupClass": planned["log_group_class"],
            "tags": planned["tags_all"] or None,
        }
        client = self.client(meta, planned)
        client.create_log_group(**cut(request))
        made = {**planned, "id": name, "name": name, "name_prefix": prefix_of(planned)}
        if made["retention_in_days"]:
            _set_retention(client, made)
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the log group."""
        client, name = self.client(meta, state), state["id"]
        groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        found = next((group for group in groups if group["logGroupName"] == name), None)
        if found is None:
            return None
        arn_ = found["arn"].removesuffix(":*")
        set_tags(meta, state, client.list_tags_for_resource(resourceArn=arn_)["tags"])
        return {
            **state,
            "arn": arn_,
            "deletion_protection_enabled": found.get("deletionProtectionEnabled", False),
            "kms_key_id": found.get("kmsKeyId", ""),
            "log_group_class": found.get("logGroupClass", "STANDARD"),
            "name": name,
            "name_prefix": prefix_of(state),
            "region": state.get("region") or meta.region,
            "retention_in_days": found.get("retentionInDays", 0),
            "skip_destroy": state["skip_destroy"] or False,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change retention, key and tags."""
        client, name = self.client(meta, planned), planned["id"]
        if planned["retention_in_days"] != prior["retention_in_days"]:
            _set_retention(client, planned)
        if planned["kms_key_id"] and planned["kms_key_id"] != prior["kms_key_id"]:
            client.associate_kms_key(logGroupName=name, kmsKeyId=planned["kms_key_id"])
        elif prior["kms_key_id"] and not planned["kms_key_id"]:
            client.disassociate_kms_key(logGroupName=name)
        if dropped(prior, planned):
            client.untag_resource(resourceArn=planned["arn"], tagKeys=dropped(prior, planned))
        if planned["tags_all"]:
            client.tag_resource(resourceArn=planned["arn"], tags=planned["tags_all"])
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the log group, unless it is to be kept."""
        client = self.client(meta, state)
        if not state["skip_destroy"]:
            gone(lambda: client.delete_log_group(logGroupName=state["id"]), _GONE)


def _set_retention(client: Client, state: State) -> None:
    if state["retention_in_days"]:
        client.put_retention_policy(
            logGroupName=state["id"], retentionInDays=state["retention_in_days"]
        )
    else:
        gone(lambda: client.delete_retention_policy(logGroupName=state["id"]), _GONE)
