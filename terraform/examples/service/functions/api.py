"""Asks a Chroma that runs while it is used; a function's own work goes where the heartbeat is."""

import json
import urllib.request
from typing import Any

from hybrid_service import service


def handler(_event: Any, _context: Any) -> Any:
    """Return what Chroma says of itself."""
    with service("chroma", timeout=240) as endpoint:
        url = f"{endpoint.url}/api/v2/heartbeat"
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - http, our own task
            return json.load(answer)
