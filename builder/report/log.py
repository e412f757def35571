"""Lines of a build's log, for people and machines."""

from __future__ import annotations

import json
from typing import Any

from builder.operations.log_line import ERROR, NOTE, PHASE, STEP, parse
from builder.report.terminal import echo

COLOURS: dict[str, dict[str, Any]] = {
    PHASE: {"fg": "blue"},
    STEP: {"fg": "cyan", "bold": True},
    NOTE: {"fg": "yellow"},
    ERROR: {"fg": "red", "bold": True},
}


def show_line(line: str, *, as_json: bool) -> None:
    """Write one line; click takes the colours away where there is no terminal."""
    parsed = parse(line)
    if as_json:
        echo(json.dumps({"kind": parsed.kind, "text": parsed.text}))
        return
    style = COLOURS.get(parsed.kind, {})
    if parsed.kind == PHASE and "FAILED" in parsed.text:
        style = COLOURS[ERROR]
    echo(line, **style)
