"""Permissions and asynchronous invocation of Lambda functions.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_lambda_permission and
aws_lambda_function_event_invoke_config.
"""

from __future__ import annotations

import json
from typing import Any

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.enums import enum
from embedded.standins.aws.resource import AwsResource, chosen_name, cut, gone, only
from embedded.standins.checks import arn, between, conflicts, matches
from embedded.standins.resource import Facts
from embedded.standins.values import State, blank

_LONGEST_EVENT_AGE = 21600
_GONE = "ResourceNotFoundException"
_STATEMENT = {
    "event_source_token": "EventSourceToken",
    "function_url_auth_type": "FunctionUrlAuthType",
    "principal_org_id": "PrincipalOrgID",
    "qualifier": "Qualifier",
    "source_account": "SourceAccount",
    "source_arn": "SourceArn",
}
_CONDITIONS = {
    "event_source_token": "lambda:EventSourceToken",
    "function_url_auth_type": "lambda:FunctionUrlAuthType",
    "principal_org_id": "aws:PrincipalOrgID",
    "source_account": "AWS:SourceAccount",
    "source_arn": "AWS:SourceArn",
}


class Permission(AwsResource):
    """``aws_lambda_permission``."""

    service = "lambda"
    facts = Facts(
        force_new=(
            "action",
            "function_name",
            "principal",
            "region",
            "statement_id",
            "statement_id_prefix",
            *_STATEMENT,
        ),
        checks=(
            conflicts("statement_id", "statement_id_prefix"),
            matches(
                "action", r"lambda:(\*|[a-zA-Z]+|\[\*\])|\*", "an action such as lambda:Invoke"
            ),
            matches("statement_id", r"[\w-]{1,100}", "up to 100 letters, digits, - and _"),
            matches("source_account", r"\d{12}", "an account of 12 digits"),
            enum("function_url_auth_type", "lambda", "FunctionUrlAuthType"),
            arn("source_arn"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Add the statement to the function's policy."""
        statement = chosen_name(planned, "statement_id", "statement_id_prefix")
        request = {
            "FunctionName": planned["function_name"],
            "StatementId": statement,
            "Action": planned["action"],
            "Principal": planned["principal"],
            **{theirs: planned[ours] for ours, theirs in _STATEMENT.items()},
        }
        self.client(meta, planned).add_permission(**cut(request))
        prefix = planned["statement_id_prefix"]
        given = prefix if isinstance(prefix, str) else ""
        ours = {"id": statement, "statement_id": statement, "statement_id_prefix": given}
        made = {**planned, **ours}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the statement."""
        client = self.client(meta, state)
        if "/" in state["id"]:  # an import: FUNCTION/STATEMENT or FUNCTION:QUALIFIER/STATEMENT
            function, _, state["id"] = state["id"].partition("/")
            state["function_name"], _, qualifier = function.partition(":")
            state["qualifier"] = qualifier or None
        statement = _statement(client, state)
        if statement is None:
            return None
        principal = statement["Principal"]
        conditions = {
            name.lower(): text
            for operator in statement.get("Condition", {}).values()
            for name, text in operator.items()
        }
        return {
            **state,
            **{
                ours: conditions.get(key.lower(), None if state[ours] is None else "")
                for ours, key in _CONDITIONS.items()
            },
            "qualifier": state["qualifier"] or "",
            "action": statement["Action"],
            "principal": principal
            if isinstance(principal, str)
            else next(iter(principal.values())),
            "region": state.get("region") or meta.region,
            "statement_id": state["id"],
            "statement_id_prefix": state["statement_id_prefix"] or "",
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Do nothing: every change makes a new statement."""
        return planned

    def delete(self, meta: Connection, state: State) -> None:
        """Remove the statement."""
        client = self.client(meta, state)
        request = cut(
            {
                "FunctionName": state["function_name"],
                "StatementId": state["statement_id"],
                "Qualifier": state["qualifier"],
            }
        )
        gone(lambda: client.remove_permission(**request), _GONE)


def _statement(client: Client, state: State) -> dict[str, Any] | None:
    request = cut({"FunctionName": state["function_name"], "Qualifier": state["qualifier"]})
    found = gone(lambda: client.get_policy(**request), _GONE)
    statements = json.loads(found["Policy"])["Statement"] if found else []
    return next((s for s in statements if s["Sid"] == state["id"]), None)


class EventInvokeConfig(AwsResource):
    """``aws_lambda_function_event_invoke_config``."""

    service = "lambda"
    facts = Facts(
        defaults={"maximum_retry_attempts": 2},
        force_new=("function_name", "qualifier", "region"),
        checks=(
            between("maximum_event_age_in_seconds", 60, 21600),
            between("maximum_retry_attempts", 0, 2),
            arn("destination_config.on_failure.destination"),
            arn("destination_config.on_success.destination"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Set how the function is invoked asynchronously."""
        destinations = only(planned["destination_config"]) or {}
        request = {
            **_function(planned),
            "MaximumRetryAttempts": planned["maximum_retry_attempts"],
            "MaximumEventAgeInSeconds": planned["maximum_event_age_in_seconds"] or None,
            "DestinationConfig": {
                theirs: {"Destination": found["destination"]}
                for ours, theirs in (("on_failure", "OnFailure"), ("on_success", "OnSuccess"))
                if (found := only(destinations.get(ours)))
            },
        }
        self.client(meta, planned).put_function_event_invoke_config(**cut(request))
        qualifier = planned["qualifier"]
        name = planned["function_name"]
        made = {**planned, "id": f"{name}:{qualifier}" if qualifier else name}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the setting."""
        if state["function_name"] is None:  # an import
            state["function_name"] = state["id"]
        client = self.client(meta, state)
        found = gone(lambda: client.get_function_event_invoke_config(**_function(state)), _GONE)
        if found is None:
            return None
        destinations = {
            ours: [{"destination": target}] if target else []
            for ours, theirs in (("on_failure", "OnFailure"), ("on_success", "OnSuccess"))
            for target in [found.get("DestinationConfig", {}).get(theirs, {}).get("Destination")]
        }
        return {
            **state,
            "destination_config": [destinations] if any(destinations.values()) else [],
            "maximum_event_age_in_seconds": _event_age(found, state),
            "maximum_retry_attempts": found.get("MaximumRetryAttempts", 2),
            "qualifier": state["qualifier"] or "",
            "region": state.get("region") or meta.region,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Set it anew."""
        return self.create(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Unset it."""
        client = self.client(meta, state)
        gone(lambda: client.delete_function_event_invoke_config(**_function(state)), _GONE)


def _event_age(found: dict[str, Any], state: State) -> int:
    """Return the age; Lambda does not tell it unless it is set, a simulated one may."""
    age = int(found.get("MaximumEventAgeInSeconds", 0))
    asked = state["maximum_event_age_in_seconds"]
    return 0 if age == _LONGEST_EVENT_AGE and blank(asked) else age


def _function(state: State) -> dict[str, Any]:
    return cut({"FunctionName": state["function_name"], "Qualifier": state["qualifier"]})
