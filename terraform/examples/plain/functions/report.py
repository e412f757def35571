"""The function report."""


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    """Answer an event."""
    return {"function": "report"}
