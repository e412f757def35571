"""The record of one layer in the bucket, changed by compare-and-swap."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, replace

from builder.aws.store import Changed, Store
from builder.errors import ConflictError
from builder.layer.attempt import Attempt
from builder.layer.record import Record, log
from builder.layer.token import Token
from builder.protocol.keys import LayerKeys

ATTEMPTS = 12
"""Tries to change a record that others change too; they need a few milliseconds each."""


def _changes(before: Record, after: Record) -> str:
    """Say what differs between two records."""
    old, new = asdict(before), asdict(after)
    changed = [key for key in new if key != "releases" and old[key] != new[key]]
    changes = [f"{key}: {old[key]} -> {new[key]}" for key in changed]
    count = f"{len(before.releases)} -> {len(after.releases)} releases"
    return "; ".join([*changes, count])


class Records:
    """The record of one layer in the bucket."""

    def __init__(
        self, store: Store, layer: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._layer = layer
        self._key = LayerKeys(layer).record
        self._sleep = sleep

    @property
    def url(self) -> str:
        """Where the record is, for messages."""
        return self._store.url(self._key)

    def load(self) -> Record | None:
        """Return the record, or None if nothing was remembered yet."""
        return self._load()[0]

    def load_or_new(self) -> Record:
        """Return the record, or one of a layer that nothing is remembered of."""
        return self.load() or Record(self._layer)

    def change(self, change: Callable[[Record], Record]) -> Record:
        """Change the record; ``change`` is called again when another process was faster.

        Raise ConflictError when others are faster time and again.
        """
        for attempt in range(ATTEMPTS):
            stored, etag = self._load()
            before = stored or Record(self._layer)
            after = change(before)
            if after == before:
                return after
            try:
                self._store.replace(
                    self._key, after.to_json().encode(), "application/json", etag=etag
                )
            except Changed:
                # Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter".
                self._sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))  # noqa: S311 (no secret)
                continue
            log.debug("record of %s: %s", self._layer, _changes(before, after))
            return after
        raise ConflictError(
            f"the record of layer {self._layer!r} is changed by others all the time",
            where=self.url,
            expected="a quiet moment within a few seconds",
            fix="see who else is releasing this layer (lambda-layer status), then run it again",
        )

    def note(self, token: Token, change: Callable[[Attempt], Attempt]) -> Record:
        """Change what is known of a token's attempt, unless another has begun or it is over."""

        def noted(record: Record) -> Record:
            attempt = record.attempt
            if attempt is None or attempt.token != token:
                return record
            return replace(record, attempt=change(attempt))

        return self.change(noted)

    def _load(self) -> tuple[Record | None, str | None]:
        stored = self._store.read(self._key)
        if stored is None:
            return None, None
        text = stored.content.decode("utf-8", "replace")
        return Record.from_json(text, self.url), stored.etag
