"""Topics of SNS.

Source of the facts: documentation of hashicorp/aws 6.25, resource aws_sns_topic.
"""

from __future__ import annotations

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import unserved
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    dropped,
    gone,
    prefix_of,
    same_document,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import conflicts, json_object, length, matches
from embedded.standins.resource import Facts
from embedded.standins.values import State

_GONE = ("NotFound", "NotFoundException")
_ATTRIBUTES = {
    "delivery_policy": "DeliveryPolicy",
    "display_name": "DisplayName",
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
}
_FEEDBACK = tuple(
    f"{protocol}_{kind}"
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for kind in (
        "failure_feedback_role_arn",
        "success_feedback_role_arn",
        "success_feedback_sample_rate",
    )
)


class Topic(AwsResource):
    """``aws_sns_topic``."""

    service = "sns"
    facts = Facts(
        defaults={"content_based_deduplication": False, "fifo_topic": False},
        force_new=("fifo_topic", "name", "name_prefix", "region"),
        json=("delivery_policy", "policy"),
        checks=(
            conflicts("name", "name_prefix"),
            matches("name", r"[\w-]{1,256}(\.fifo)?", "a name of up to 256 letters, digits, - _"),
            length("display_name", 0, 100),
            json_object("policy"),
            json_object("delivery_policy"),
            unserved(*_FEEDBACK, "archive_policy", "fifo_throughput_scope", "tracing_config"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the topic."""
        name = chosen_name(planned)
        attributes = {
            theirs: planned[ours]
            for ours, theirs in _ATTRIBUTES.items()
            if isinstance(planned[ours], str) and planned[ours]
        }
        if planned["fifo_topic"]:
            deduplication = str(planned["content_based_deduplication"]).lower()
            attributes |= {"FifoTopic": "true", "ContentBasedDeduplication": deduplication}
        answer = self.client(meta, planned).create_topic(
            Name=name, Attributes=attributes, Tags=tag_list(planned["tags_all"])
        )
        made = {**planned, "id": answer["TopicArn"], "name": name}
        made["name_prefix"] = prefix_of(planned)
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the topic."""
        client, arn = self.client(meta, state), state["id"]
        answer = gone(lambda: client.get_topic_attributes(TopicArn=arn), *_GONE)
        if answer is None:
            return None
        found = answer["Attributes"]
        tags = client.list_tags_for_resource(ResourceArn=arn).get("Tags")
        set_tags(meta, state, tag_map(tags))
        return {
            **state,
            **{ours: found.get(theirs, "") for ours, theirs in _ATTRIBUTES.items()},
            "arn": arn,
            "beginning_archive_time": "",
            "content_based_deduplication": found.get("ContentBasedDeduplication") == "true",
            "fifo_throughput_scope": "",
            "fifo_topic": found.get("FifoTopic") == "true",
            "name": arn.rpartition(":")[2],
            "name_prefix": prefix_of(state),
            "owner": found.get("Owner", meta.account),
            "policy": same_document(state["policy"], found.get("Policy", "")),
            "region": state.get("region") or meta.region,
            "signature_version": int(found.get("SignatureVersion", 0)),
            "tracing_config": found.get("TracingConfig", ""),
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Set changed attributes and tags."""
        client, arn = self.client(meta, planned), planned["id"]
        for ours, theirs in _ATTRIBUTES.items():
            if prior[ours] != planned[ours]:
                client.set_topic_attributes(
                    TopicArn=arn, AttributeName=theirs, AttributeValue=planned[ours] or ""
                )
        if dropped(prior, planned):
            client.untag_resource(ResourceArn=arn, TagKeys=dropped(prior, planned))
        if planned["tags_all"]:
            client.tag_resource(ResourceArn=arn, Tags=tag_list(planned["tags_all"]))
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the topic."""
        client = self.client(meta, state)
        gone(lambda: client.delete_topic(TopicArn=state["id"]), *_GONE)
