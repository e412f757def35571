"""Aliases of Lambda functions.

Source of the facts: documentation and schema of hashicorp/aws 6.25, resource aws_lambda_alias.
"""

from __future__ import annotations

from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.lambda_function import invoke_arn
from embedded.standins.aws.resource import AwsResource, gone, only
from embedded.standins.checks import matches
from embedded.standins.resource import Facts
from embedded.standins.values import State

_GONE = "ResourceNotFoundException"


class Alias(AwsResource):
    """``aws_lambda_alias``."""

    service = "lambda"
    facts = Facts(
        force_new=("function_name", "name", "region"),
        checks=(
            matches("name", r"(?!\d+$)[\w-]{1,128}", "a name that is not a number"),
            matches("function_version", r"\$LATEST|\d+", "a version of the function"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Make the alias."""
        made = self.client(meta, planned).create_alias(**_request(planned))
        return self.read(meta, {**planned, "id": made["AliasArn"]}) or planned

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the alias."""
        if "/" in state["id"]:  # an import: FUNCTION/ALIAS
            state["function_name"], _, state["name"] = state["id"].partition("/")
        where = {"FunctionName": state["function_name"], "Name": state["name"]}
        found = gone(lambda: self.client(meta, state).get_alias(**where), _GONE)
        if found is None:
            return None
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return {
            **state,
            "id": found["AliasArn"],
            "arn": found["AliasArn"],
            "description": found.get("Description", ""),
            "function_version": found["FunctionVersion"],
            "invoke_arn": invoke_arn(meta, state, found["AliasArn"]),
            "name": found["Name"],
            "region": state.get("region") or meta.region,
            "routing_config": [{"additional_version_weights": weights}] if weights else [],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change it in place."""
        self.client(meta, planned).update_alias(**_request(planned))
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete it; with its function it is gone already."""
        where = {"FunctionName": state["function_name"], "Name": state["name"]}
        gone(lambda: self.client(meta, state).delete_alias(**where), _GONE)


def _request(planned: State) -> dict[str, Any]:
    routing = only(planned["routing_config"]) or {}
    weights = routing.get("additional_version_weights") or {}
    return {
        "FunctionName": planned["function_name"],
        "Name": planned["name"],
        "FunctionVersion": planned["function_version"],
        "Description": planned["description"] or "",
        "RoutingConfig": {"AdditionalVersionWeights": weights},
    }
