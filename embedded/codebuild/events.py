"""What CodeBuild tells EventBridge, and what EventBridge does with it.

ministack refuses events of ``aws.*`` from outside, so the agent looks for the rules that match and
calls their functions itself.

Sources: AWS CodeBuild user guide, "Build notifications input format reference"; Amazon EventBridge
user guide, "Event patterns", "Using resource-based policies"; AWS Lambda API reference, "Invoke".
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from embedded.codebuild.event_patterns import PatternError, matches
from embedded.codebuild.upstream import Upstream

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

log = logging.getLogger(__name__)

Document = Mapping[str, Any]

ATTEMPTS = 5
"""Tries to deliver an event: the agent may be up a moment before ministack is."""


class EventBridge:
    """Delivers the events of builds, one after the other, in a thread of its own."""

    def __init__(self, upstream: Upstream, account: str, region: str) -> None:
        self.upstream = upstream
        self.account = account
        self.region = region
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._deliver_all, name="events", daemon=True).start()

    @cached_property
    def _rules(self) -> EventBridgeClient:
        return self.upstream.client("events")  # type: ignore[no-any-return] # by name

    @cached_property
    def _lambda(self) -> LambdaClient:
        return self.upstream.client("lambda")  # type: ignore[no-any-return] # by name

    def on_status(self, build: Document) -> None:
        """Tell of a build that has begun or ended; a phase alone is another kind of event."""
        if build["buildComplete"] or build["currentPhase"] == "SUBMITTED":
            self._waiting.put(state_change(build, self.account, self.region))

    def _deliver_all(self) -> None:
        while True:
            event = self._waiting.get()  # no limit: the thread ends with the agent
            for attempt in range(ATTEMPTS):
                try:
                    self.deliver(event)
                    break
                except (BotoCoreError, ClientError):
                    log.exception("event %s was not delivered", event["id"])
                    time.sleep(0.2 * 2**attempt)
                except Exception:
                    log.exception("event %s cannot be delivered", event["id"])
                    break

    def deliver(self, event: Document) -> None:
        """Call the targets of every enabled rule that matches an event."""
        pages = self._rules.get_paginator("list_rules").paginate()
        for rule in [rule for page in pages for rule in page["Rules"]]:
            if rule.get("State") == "ENABLED" and _is_for(rule, event):
                self._call_targets(rule["Name"], rule["Arn"], event)

    def _call_targets(self, name: str, arn: str, event: Document) -> None:
        for target in self._rules.list_targets_by_rule(Rule=name)["Targets"]:
            function = target["Arn"]
            if ":lambda:" not in function:
                log.warning("rule %s: the target %s is not served here", name, function)
            elif not self._may_call(function, arn):
                # EventBridge drops such events, and says so in a metric alone.
                log.warning("rule %s may not invoke %s", name, function)
            else:
                self._lambda.invoke(
                    FunctionName=function,
                    InvocationType="Event",
                    Payload=json.dumps(payload(target, event)).encode(),
                )
                log.info("rule %s: %s got event %s", name, function, event["id"])

    def _may_call(self, function: str, rule_arn: str) -> bool:
        try:
            policy = json.loads(self._lambda.get_policy(FunctionName=function)["Policy"])
        except self._lambda.exceptions.ResourceNotFoundException:
            return False
        return any(permits(statement, rule_arn) for statement in policy["Statement"])


def _is_for(rule: Mapping[str, Any], event: Document) -> bool:
    try:
        return "EventPattern" in rule and matches(json.loads(rule["EventPattern"]), event)
    except (PatternError, ValueError):
        log.exception("rule %s has a pattern that cannot be read", rule["Name"])
        return False


def permits(statement: Document, rule_arn: str) -> bool:
    """Whether a statement of a function's policy lets EventBridge invoke it for this rule."""
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, Mapping) else principal
    if statement.get("Effect") != "Allow" or service not in ("events.amazonaws.com", "*"):
        return False
    actions = statement.get("Action", [])
    for action in [actions] if isinstance(actions, str) else actions:
        if fnmatchcase("lambda:InvokeFunction", action):
            break
    else:
        return False
    wanted = [
        value
        for condition in statement.get("Condition", {}).values()
        for key, value in condition.items()
        if key.lower() == "aws:sourcearn"
    ]
    return all(fnmatchcase(rule_arn, pattern) for pattern in wanted)


def payload(target: Document, event: Document) -> Any:
    """Return what a target gets: the event, a part of it, or a constant."""
    if target.get("Input"):
        return json.loads(target["Input"])
    found: Any = event
    for key in target.get("InputPath", "$").removeprefix("$").split("."):
        found = found[key] if key else found
    return found


def state_change(build: Document, account: str, region: str) -> dict[str, Any]:
    """Return the event that a build has begun or ended."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CodeBuild Build State Change",
        "source": "aws.codebuild",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [build["arn"]],
        "detail": {
            "build-status": build["buildStatus"],
            "project-name": build["projectName"],
            "build-id": build["arn"],
            "additional-information": _information(build),
            "current-phase": build["currentPhase"],
            "current-phase-context": "[]",
            "version": "1",
        },
    }


def _information(build: Document) -> dict[str, Any]:
    environment, logs = build.get("environment", {}), build.get("logs", {})
    source, artifact = build.get("source", {}), build.get("artifacts", {})
    return {
        "artifact": {"location": artifact.get("location", "")},
        "environment": {
            "image": environment.get("image", ""),
            "privileged-mode": environment.get("privilegedMode", False),
            "compute-type": environment.get("computeType", ""),
            "type": environment.get("type", ""),
            "environment-variables": [
                {
                    "name": variable["name"],
                    "value": variable["value"],
                    "type": variable.get("type", "PLAINTEXT"),
                }
                for variable in environment.get("environmentVariables", [])
            ],
        },
        "timeout-in-minutes": build.get("timeoutInMinutes", 60),
        "build-complete": build["buildComplete"],
        "initiator": build.get("initiator", ""),
        "build-start-time": _words(build["startTime"]),
        "source": {"location": source.get("location", ""), "type": source.get("type", "")},
        "source-version": build.get("sourceVersion", ""),
        "logs": {
            "group-name": logs.get("groupName"),
            "stream-name": logs.get("streamName"),
            "deep-link": logs.get("deepLink", ""),
        },
        "phases": [_phase(phase) for phase in build.get("phases", [])],
    }


def _phase(phase: Document) -> dict[str, Any]:
    described = {
        "phase-type": phase["phaseType"],
        "start-time": _words(phase["startTime"]),
        "phase-context": [
            f"{context['statusCode']}: {context['message']}"
            for context in phase.get("contexts", [])
        ],
    }
    if "endTime" in phase:
        described |= {
            "end-time": _words(phase["endTime"]),
            "duration-in-seconds": phase["durationInSeconds"],
            "phase-status": phase["phaseStatus"],
        }
    return described


def _words(seconds: float) -> str:
    """Return a time as these events have it: Sep 1, 2017 4:12:29 PM."""
    time_ = datetime.fromtimestamp(seconds, UTC)
    hour = time_.hour % 12 or 12
    return f"{time_:%b} {time_.day}, {time_.year} {hour}:{time_:%M:%S %p}"
