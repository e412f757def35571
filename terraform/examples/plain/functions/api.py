"""The function api: it has both layers."""

import requests
import shared


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    """Answer an event."""
    return {"says": shared.greeting("world"), "requests": requests.__version__}
