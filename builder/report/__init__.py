"""What people and machines read; with the commands the only place that prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from builder.report.terminal import clean, say


def progress(name: str) -> Callable[[str], None]:
    """Return a function that writes progress lines of a layer to stderr."""

    def write(line: str) -> None:
        say(f"{name}: {line}")

    return write


def answer(document: dict[str, str]) -> None:
    """Write a hook's answer to stdout."""
    # Terraform shows what is in it, and does not look at what that says to a terminal.
    safe = {name: clean(value) for name, value in document.items()}
    sys.stdout.write(json.dumps(safe, sort_keys=True) + "\n")
