"""The record of one layer in the bucket, changed by compare-and-swap."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from builder.aws.store import Changed, Store, StoredObject
from builder.errors import ConflictError, LayerError, LayerRetired, RecordError
from builder.layer.attempt import Attempt
from builder.layer.record import Record, Release, is_image, log
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
    """The record of one layer in the bucket.

    As it was when it was last read or written here, it is what a change is tried on first: S3
    refuses the write if it is not that any more, and then it is read.
    """

    def __init__(
        self,
        store: Store,
        layer: str,
        *,
        layer_arn: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the record of a layer; with ``layer_arn``, refuse one that names another layer."""
        self._layer_arn = layer_arn
        self._store = store
        self._layer = layer
        self._key = LayerKeys(layer).record
        self._sleep = sleep
        self._held: Token | None = None
        self._seen: StoredObject | None = None

    @property
    def url(self) -> str:
        """Where the record is, for messages."""
        return self._store.url(self._key)

    def load(self) -> Record | None:
        """Return the record, or None if nothing was remembered yet."""
        return self._load()[0]

    def load_dated(self) -> tuple[Record, float]:
        """Return the record as it is now or would begin, and the time by AWS's own clock.

        That is in seconds since 1970, 0 when AWS does not say it.
        """
        stored, _, now = self._load()
        return stored or Record(self._layer), now

    def load_or_new(self) -> Record:
        """Return the record, or one of a layer that nothing is remembered of."""
        return self.load() or Record(self._layer)

    def change(self, change: Callable[[Record], Record]) -> Record:
        """Change the record; ``change`` is called again when another process was faster.

        Raise ConflictError when others are faster time and again.
        """
        done = self._changed_as_seen(change)
        return done or self.change_dated(lambda record, _now: change(record))

    def change_dated(self, change: Callable[[Record, float], Record]) -> Record:
        """Change the record as :meth:`change` does, by what AWS's own clock says, too.

        That is the time at which AWS read the record for us, as in :meth:`load_dated`.
        """
        for attempt in range(ATTEMPTS):
            stored, etag, now = self._load()
            before = stored or Record(self._layer)
            self._require_held(before)
            after = change(before, now)
            if after == before or self._wrote(before, after, etag):
                return after
            # Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter".
            self._sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))  # noqa: S311 (no secret)
        raise ConflictError(
            f"the record of layer {self._layer!r} is changed by others all the time",
            where=self.url,
            expected="a quiet moment within a few seconds",
            fix="see who else is releasing this layer (lambda-layer status), then run it again",
        )

    def _changed_as_seen(self, change: Callable[[Record], Record]) -> Record | None:
        """Change the record as it was last seen; None unless a write proves that it still is that.

        An error of ``change``, or that it changes nothing, would rest on what may be old.
        """
        seen = self._seen
        if seen is None:
            return None
        try:
            before = self._parsed(seen)
            self._require_held(before)
            after = change(before)
        except LayerError:
            return None
        return after if after != before and self._wrote(before, after, seen.etag) else None

    def _wrote(self, before: Record, after: Record, etag: str | None) -> bool:
        """Write the record unless it has another ETag by now; return whether it was written."""
        self._seen = None
        try:
            written = self._store.replace(
                self._key, after.to_json().encode(), "application/json", etag=etag
            )
        except Changed:
            return False
        self._seen = written if written.etag else None
        if log.isEnabledFor(logging.DEBUG):  # copies every release of both
            log.debug("record of %s: %s", self._layer, _changes(before, after))
        return True

    @contextmanager
    def held(self, token: Token) -> Iterator[None]:
        """Change the record only while it is the one in which a token was begun.

        Inside, every change raises LayerRetired once the layer was retired: a record that is gone
        is not written anew, nor is that of a layer that came after it.
        """
        self._held = token
        try:
            yield
        finally:
            self._held = None

    def is_held(self) -> bool:
        """Whether the record is still the one in which the token that is held was begun."""
        return self._held is None or self.load_or_new().knows(self._held)

    def retired(self, token: Token) -> LayerRetired:
        """Return the error that the layer of a token was retired while it was released."""
        return LayerRetired(
            f"layer {self._layer!r} was retired while build {token.number} of it was released",
            where=f"{self.url}: build {token.number} is not in it any more",
            expected="the record in which that build was begun",
            fix="nothing of that release is left; if the layer is still wanted, plan and apply "
            f"again, or: lambda-layer build {self._layer}",
        )

    def _require_held(self, record: Record) -> None:
        if self._held is not None and not record.knows(self._held):
            raise self.retired(self._held)

    def note(self, token: Token, change: Callable[[Attempt], Attempt]) -> Record:
        """Change what is known of a token's attempt, unless another has begun or it is over."""

        def noted(record: Record) -> Record:
            attempt = record.attempt
            if attempt is None or attempt.token != token:
                return record
            return replace(record, attempt=change(attempt))

        return self.change(noted)

    def _load(self) -> tuple[Record | None, str | None, float]:
        self._seen = stored = self._store.read(self._key)
        if stored is None:
            return None, None, 0.0
        return self._parsed(stored), stored.etag, stored.answered

    def _parsed(self, stored: StoredObject) -> Record:
        record = Record.from_json(stored.content.decode("utf-8", "replace"), self.url)
        self._require_own(record)
        return record

    def _require_own(self, record: Record) -> None:
        """Raise RecordError for a release of another account, region or layer."""
        if not self._layer_arn:
            return
        for release in record.all_releases:
            own = f"{self._layer_arn}:{release.version}"
            if is_image(release.layer_arn) != is_image(self._layer_arn):
                raise self._of_another_kind(release)
            if release.layer_arn != own:
                raise RecordError(
                    f"the record of layer {self._layer!r} names a version of another layer",
                    where=f"{self.url}: {release.layer_arn}",
                    expected=own,
                    fix=self._renamed(release)
                    or "find out who wrote it; delete the object: the next plan then asks for a "
                    "build, and the apply adopts what is published already",
                )

    def _renamed(self, release: Release) -> str:
        """Return what to do where nothing but the name in Lambda is another one; else ""."""
        place, _, now = self._layer_arn.rpartition(":")
        there, _, before = release.layer_arn.rpartition(":")[0].rpartition(":")
        if there != place or before == now:
            return ""
        return (
            f"if layer_name was changed, change it back, so that the layer is {before!r} again; to "
            f"go on as {now!r}: lambda-layer retire {self._layer} deletes what no function has of "
            f"{before!r}, then plan and apply again"
        )

    def _of_another_kind(self, release: Release) -> RecordError:
        wanted, found = ("a layer", "images")
        if is_image(self._layer_arn):
            wanted, found = ("an image", "versions of a layer")
        return RecordError(
            f"layer {self._layer!r} is to be {wanted}, and what was published of it are {found}",
            where=f"{self.url}: {release.layer_arn}",
            expected=f"{found}, as long as there are any under this name",
            fix=f"describe {wanted} under another name, and take {self._layer!r} out once no "
            "function has it; or, to delete what no function has and go on under this name: "
            f"lambda-layer retire {self._layer}, then plan and apply again",
        )
