"""The function jobs: it has the shared code."""

import shared


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    """Answer an event."""
    return {"says": shared.greeting("jobs")}
