"""Which IAM action on which resource a call to Lambda is, corrected for layers.

ministack 1.5.33 takes every GET below /layers for ListLayers and knows no action for DELETE, so a
policy about layer versions would mean nothing. Here actions come from botocore's routes, and
resources from the AWS Lambda developer guide, "Resources and conditions for Lambda actions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader

ACTIONS = {
    # Service authorization reference, "Actions defined by AWS Lambda": where names differ.
    "GetLayerVersionByArn": "GetLayerVersion",
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
}
VERSION = re.compile(r"/2018-10-31/layers/(?P<layer>[^/]+)/versions/(?P<version>\d+)(/.*)?")

Query = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """An operation's method, path and the query that tells it from others."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: str


@cache
def routes() -> tuple[Route, ...]:
    """Return Lambda's operations, those with a query and with the longest fixed path first."""
    model = Loader().load_service_model("lambda", "service-2")
    found = []
    for name, operation in model["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        fixed = re.split(r"\{[^}]+\}", path.rstrip("/"))
        pattern = re.compile("[^/]+".join(re.escape(part) for part in fixed) + "/?")
        route = Route(name, operation["http"]["method"], pattern, query)
        found.append((not query, -sum(map(len, fixed)), name, route))
    return tuple(entry[-1] for entry in sorted(found, key=lambda entry: entry[:3]))


def action(method: str, path: str, query: Query) -> str | None:
    """Return the IAM action of a call, None for a call that is no operation."""
    for route in routes():
        name, _, value = route.query.partition("=")
        asked = not name or first(query, name) == value
        if route.method == method and asked and route.path.fullmatch(path):
            return f"lambda:{ACTIONS.get(route.operation, route.operation)}"
    return None


def layer_version(path: str, query: Query, region: str, account: str) -> str | None:
    """Return the ARN of the layer version a call is about, None when it is about none."""
    arn = first(query, "Arn")
    if path.rstrip("/") == "/2018-10-31/layers" and arn:
        return arn
    found = VERSION.fullmatch(unquote(path))
    if not found:
        return None
    layer = found["layer"]
    if not layer.startswith("arn:"):
        layer = f"arn:aws:lambda:{region}:{account}:layer:{layer}"
    return f"{layer}:{found['version']}"


def first(query: Query, name: str) -> str:
    """Return a query parameter's value; parsers give one or a list."""
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def correct(iam_actions: ModuleType) -> None:
    """Put the corrections into ministack's module."""
    theirs_action: Callable[..., str | None] = iam_actions.extract_iam_action
    theirs_resource: Callable[..., str] = iam_actions.extract_resource_arn

    def extract_iam_action(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Query
    ) -> str | None:
        ours = action(method, path, query) if service == "lambda" else None
        return ours or theirs_action(service, method, path, headers, body, query)

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query: Query,
        region: str,
        account: str,
    ) -> str:
        ours = layer_version(path, query, region, account) if service == "lambda" else None
        return ours or theirs_resource(service, method, path, headers, body, query, region, account)

    iam_actions.extract_iam_action = extract_iam_action  # type: ignore[attr-defined] # a module
    iam_actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # a module
