"""Rules of EventBridge and their targets.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_cloudwatch_event_rule and
aws_cloudwatch_event_target.
"""

from __future__ import annotations

import uuid
from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    cut,
    dropped,
    gone,
    normalized,
    only,
    prefix_of,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import arn, between, conflicts, json_object, length, matches
from embedded.standins.resource import Facts
from embedded.standins.values import State

_GONE = "ResourceNotFoundException"
_BUS = "default"
_NAME = r"[\w.-]{1,64}"
_OTHER_TARGETS = (
    *("appsync_target", "batch_target", "ecs_target", "http_target", "kinesis_target"),
    *("redshift_target", "run_command_targets", "sagemaker_pipeline_target", "sqs_target"),
)


class Rule(AwsResource):
    """``aws_cloudwatch_event_rule``."""

    service = "events"
    facts = Facts(
        defaults={"event_bus_name": _BUS, "force_destroy": False},
        force_new=("event_bus_name", "name", "name_prefix", "region"),
        json=("event_pattern",),
        checks=(
            conflicts("name", "name_prefix"),
            conflicts("is_enabled", "state"),
            matches("name", _NAME, "a name of up to 64 letters, digits and .-_"),
            length("name_prefix", 0, 38),
            length("description", 0, 512),
            length("schedule_expression", 0, 256),
            enum("state", "events", "RuleState"),
            json_object("event_pattern"),
            arn("role_arn"),
            unserved("is_enabled"),
        ),
    )

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """Enable the rule unless it is said otherwise; write the pattern as the provider does."""
        super().plan(meta, prior, planned, config)
        if isinstance(planned["event_pattern"], str):
            planned["event_pattern"] = normalized(planned["event_pattern"])
        if config["state"] is None:
            planned["state"] = "ENABLED"

    def create(self, meta: Connection, planned: State) -> State:
        """Put the rule."""
        name = chosen_name(planned)
        request = {
            "Name": name,
            "EventBusName": planned["event_bus_name"],
            "EventPattern": planned["event_pattern"],
            "ScheduleExpression": planned["schedule_expression"],
            "Description": planned["description"],
            "RoleArn": planned["role_arn"],
            "State": planned["state"],
        }
        tags = {"Tags": tag_list(planned["tags_all"]) or None}
        self.client(meta, planned).put_rule(**cut({**request, **tags}))
        bus = planned["event_bus_name"]
        made = {**planned, "id": name if bus == _BUS else f"{bus}/{name}", "name": name}
        made["name_prefix"] = prefix_of(planned)
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the rule."""
        client = self.client(meta, state)
        bus, _, name = ("/" + state["id"]).rpartition("/")
        bus = bus.removeprefix("/") or _BUS
        found = gone(lambda: client.describe_rule(Name=name, EventBusName=bus), _GONE)
        if found is None:
            return None
        tags = client.list_tags_for_resource(ResourceARN=found["Arn"]).get("Tags")
        set_tags(meta, state, tag_map(tags))
        return {
            **state,
            "arn": found["Arn"],
            "description": found.get("Description", ""),
            "event_bus_name": bus,
            "event_pattern": normalized(found["EventPattern"])
            if found.get("EventPattern")
            else None,
            "force_destroy": state["force_destroy"] or False,
            "is_enabled": None,
            "name": name,
            "name_prefix": prefix_of(state),
            "region": state.get("region") or meta.region,
            "role_arn": found.get("RoleArn", ""),
            "schedule_expression": found.get("ScheduleExpression", ""),
            "state": found.get("State", "ENABLED"),
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Put the rule anew, and its tags."""
        client = self.client(meta, planned)
        updated = self.create(meta, {**planned, "tags_all": {}, "tags": planned["tags"]})
        if dropped(prior, planned):
            client.untag_resource(ResourceARN=planned["arn"], TagKeys=dropped(prior, planned))
        if planned["tags_all"]:
            client.tag_resource(ResourceARN=planned["arn"], Tags=tag_list(planned["tags_all"]))
        return self.read(meta, updated) or updated

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the rule; its targets must be gone, unless it is forced."""
        client, bus = self.client(meta, state), state["event_bus_name"]
        if state["force_destroy"]:
            found = gone(
                lambda: client.list_targets_by_rule(Rule=state["name"], EventBusName=bus), _GONE
            )
            ids = [target["Id"] for target in (found or {}).get("Targets", [])]
            if ids:
                client.remove_targets(Rule=state["name"], EventBusName=bus, Ids=ids)
        gone(lambda: client.delete_rule(Name=state["name"], EventBusName=bus), _GONE)


class Target(AwsResource):
    """``aws_cloudwatch_event_target``."""

    service = "events"
    facts = Facts(
        defaults={"event_bus_name": _BUS, "force_destroy": False},
        force_new=("event_bus_name", "region", "rule", "target_id"),
        json=("input",),
        checks=(
            conflicts("input", "input_path", "input_transformer"),
            matches("rule", _NAME, "the name of a rule"),
            matches("target_id", _NAME, "an id of up to 64 letters, digits and .-_"),
            arn("arn"),
            arn("role_arn"),
            arn("dead_letter_config.arn"),
            between("retry_policy.maximum_retry_attempts", 0, 185),
            between("retry_policy.maximum_event_age_in_seconds", 0, 86400),
            unserved(*_OTHER_TARGETS),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Put the target on the rule."""
        given = planned["target_id"]
        target_id = given if isinstance(given, str) else f"terraform-{uuid.uuid4().hex[:26]}"
        rule, bus = planned["rule"], planned["event_bus_name"]
        answer = self.client(meta, planned).put_targets(
            Rule=rule, EventBusName=bus, Targets=[{"Id": target_id, **_target(planned)}]
        )
        for failed in answer.get("FailedEntries", []):
            raise RuntimeError(f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")
        start = rule if bus == _BUS else f"{bus}-{rule}"
        made = {**planned, "id": f"{start}-{target_id}", "target_id": target_id}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the target."""
        if state["rule"] is None:  # an import: RULE/TARGET or BUS/RULE/TARGET
            start, _, state["target_id"] = state["id"].rpartition("/")
            bus, _, state["rule"] = ("/" + start).rpartition("/")
            state["event_bus_name"] = bus.removeprefix("/") or _BUS
            state["id"] = state["id"].replace("/", "-")
        client, rule, bus = self.client(meta, state), state["rule"], state["event_bus_name"]
        answer = gone(lambda: client.list_targets_by_rule(Rule=rule, EventBusName=bus), _GONE)
        targets = answer["Targets"] if answer else []
        found = next((t for t in targets if t["Id"] == state["target_id"]), None)
        if found is None:
            return None
        return {
            **state,
            **_read_target(found),
            "force_destroy": state["force_destroy"] or False,
            "region": state.get("region") or meta.region,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Put the target anew."""
        return self.create(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Remove the target from the rule."""
        client = self.client(meta, state)
        request = {"EventBusName": state["event_bus_name"], "Ids": [state["target_id"]]}
        gone(lambda: client.remove_targets(Rule=state["rule"], **request), _GONE)


def _target(planned: State) -> dict[str, Any]:
    transformer, retry = only(planned["input_transformer"]), only(planned["retry_policy"])
    dead_letter = only(planned["dead_letter_config"])
    request = {
        "Arn": planned["arn"],
        "RoleArn": planned["role_arn"],
        "Input": planned["input"],
        "InputPath": planned["input_path"],
        "InputTransformer": cut(
            {
                "InputPathsMap": transformer["input_paths"],
                "InputTemplate": transformer["input_template"],
            }
        )
        if transformer
        else None,
        "RetryPolicy": cut(
            {
                "MaximumRetryAttempts": retry["maximum_retry_attempts"],
                "MaximumEventAgeInSeconds": retry["maximum_event_age_in_seconds"] or None,
            }
        )
        if retry
        else None,
        "DeadLetterConfig": {"Arn": dead_letter["arn"]} if dead_letter else None,
    }
    return cut(request)


def _read_target(found: dict[str, Any]) -> State:
    transformer, retry = found.get("InputTransformer"), found.get("RetryPolicy")
    dead_letter = found.get("DeadLetterConfig")
    return {
        "arn": found["Arn"],
        "role_arn": found.get("RoleArn", ""),
        "input": found.get("Input", ""),
        "input_path": found.get("InputPath", ""),
        "input_transformer": [
            {
                "input_paths": transformer.get("InputPathsMap"),
                "input_template": transformer["InputTemplate"],
            }
        ]
        if transformer
        else [],
        "retry_policy": [
            {
                "maximum_retry_attempts": retry.get("MaximumRetryAttempts", 0),
                "maximum_event_age_in_seconds": retry.get("MaximumEventAgeInSeconds", 0),
            }
        ]
        if retry
        else [],
        "dead_letter_config": [{"arn": dead_letter["Arn"]}] if dead_letter else [],
    }
