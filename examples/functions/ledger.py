"""A function that keeps numbers in a hybrid service (docs/hybrid.md)."""

from __future__ import annotations

import http.client
import json
from typing import Any

from hybrid_service import Endpoint, service


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Keep the numbers of the event, and return all that there are."""
    with service("ledger", timeout=240) as endpoint:
        for number in event.get("keep", ()):
            ask(endpoint, "POST", f"/{number}")
        found = ask(endpoint, "GET", "/")
        return {"found": found, "generation": endpoint.generation, "url": endpoint.url}


def ask(endpoint: Endpoint, method: str, path: str) -> Any:
    """Return the service's answer to a request."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=30)
    try:
        connection.request(method, path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()
