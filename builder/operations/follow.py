"""Follow the releases of several layers while something else makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from builder.clock import Clock
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.operations.watch import View, watch
from builder.protocol.statuses import WAITING

LONGEST = 8 * 3600.0
"""Seconds that a build is waited for: what is followed ends long before."""

SHORTEST = 0.1
"""Seconds between two looks at the end."""

PATIENCE = 60.0
"""Seconds for a look that has begun when there is nothing more to follow."""


@contextmanager
def followed(
    layers: Sequence[Layer], clock: Clock, listen: Callable[[View | None, View], None]
) -> Iterator[None]:
    """Give each new view of each layer to ``listen``, with the one before, while the block runs.

    Trouble with looking does not end the block: it is for who only watches.
    """
    over = threading.Event()

    def pause(seconds: float) -> None:
        if over.wait(seconds):
            clock.sleep(min(seconds, SHORTEST))

    patient = replace(clock, sleep=pause)
    with beside([partial(_follow, layer, patient, listen, over) for layer in layers], over):
        yield


@contextmanager
def beside(works: Iterable[Callable[[], object]], over: threading.Event) -> Iterator[None]:
    """Run ``works`` in threads while the block runs; then set ``over``, and wait for their end."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def _follow(
    layer: Layer,
    clock: Clock,
    listen: Callable[[View | None, View], None],
    over: threading.Event,
) -> None:
    last: View | None = None
    is_last = False
    with suppress(LayerError):
        for view in watch(layer, wait=LONGEST, clock=clock):
            if view.stage != WAITING:
                listen(last, view)
                last = view
            if is_last:
                return
            is_last = over.is_set()  # one more look, for what came of it
