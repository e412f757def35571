"""What all functions share."""


def greeting(name: str) -> str:
    """Return what to say to somebody."""
    return f"hello {name}"
