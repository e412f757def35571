"""Follow the builds while terraform waits for them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from builder.clock import Clock
from builder.layer.layer import Layer
from builder.operations.follow import beside
from builder.operations.logs import build_logs
from demo.screen import LAYER_COLOURS, Screen

CONTAINER = re.compile(r"\[Container\] \S+ \S+ ")
TOLD = ("Entering phase", "Running command", "Uploaded", "The image", "Phase complete: BUILD")

PAUSE = 0.3
"""Seconds between looks for a build that begins."""


@contextmanager
def followed(layers: list[Layer], screen: Screen) -> Iterator[None]:
    """Show the log of every build that begins while the block runs, as it is written."""
    over = threading.Event()
    seen = {layer.name: _attempt(layer) for layer in layers}
    works = [
        partial(_follow, layer, seen[layer.name], colour, screen, over)
        for layer, colour in zip(layers, LAYER_COLOURS, strict=False)
    ]
    with beside(works, over):
        yield


def _follow(layer: Layer, before: str, colour: str, screen: Screen, over: threading.Event) -> None:
    while _attempt(layer) in {"", before}:
        if over.wait(PAUSE):
            return
    for line in build_logs(layer, follow=True, clock=Clock()):
        told = tell(line)
        if told:
            screen.layer_line(layer.name, told, colour)


def tell(line: str) -> str:
    """Return a log line as the demo shows it, "" for one that only CodeBuild cares about."""
    found = CONTAINER.match(line)
    if not found:
        return line
    said = line[found.end() :]
    return f"CodeBuild: {said}" if said.startswith(TOLD) else ""


def _attempt(layer: Layer) -> str:
    record = layer.records.load()
    return record.attempt.build_id if record and record.attempt else ""
