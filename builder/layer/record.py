"""What is remembered of a layer: its releases and its last build, changed by compare-and-swap."""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from builder.aws.store import Changed, Store
from builder.errors import ConflictError, RecordError
from builder.layer.handover import Handover, left_behind, owed

log = logging.getLogger(__name__)

SCHEMA = 1
ATTEMPTS = 12
"""Tries to change a record that others change too; they need a few milliseconds each."""

KEPT_RELEASES = 100
"""Releases that a record lists, so that it stays small."""


@dataclass(frozen=True, order=True)
class Token:
    """The n-th approved build of a layer: ``<fingerprint>#<n>``."""

    fingerprint: str
    number: int

    def __str__(self) -> str:
        return f"{self.fingerprint}#{self.number}"

    @classmethod
    def parse(cls, text: str) -> Token | None:
        """Read a token; None for anything that is none."""
        found = re.fullmatch(r"([0-9a-f]{64})#([0-9]{1,9})", text.strip())
        return cls(found[1], int(found[2])) if found else None


@dataclass(frozen=True)
class Release:
    """One published layer version for one fingerprint; sizes in bytes, times in ISO 8601.

    ``build_id`` is the build that made the artifact; when that merged the parts of several
    runtimes, ``builds`` has by runtime those that made the parts.
    """

    number: int
    fingerprint: str
    layer_arn: str
    version: int
    code_sha256: str
    unzipped_size: int
    zipped_size: int
    packages: int
    reason: str
    build_id: str
    published_at: str
    builds: Mapping[str, str] = field(default_factory=dict)

    @property
    def token(self) -> Token:
        """The approval that the release came from."""
        return Token(self.fingerprint, self.number)


@dataclass(frozen=True)
class Attempt:
    """The last build that was begun: ``failure`` is "" until it is known to have failed.

    ``fresh`` says that only an artifact of its own build will do. ``since`` is the lowest number
    whose layer version will do: not 0 in a forced rebuild, which wants a new version.

    With several targets there are several builds: ``builds`` has by runtime those that make the
    parts, and ``build_id`` is the one that merges them. "" stands for that one, and for the only
    one of a layer with one target, in ``failed``, the runtimes whose builds failed, and in
    ``distrust``, which has the lowest numbers whose builds will do where an earlier one failed.
    """

    number: int
    fingerprint: str
    reason: str
    started_at: str
    build_id: str = ""
    failure: str = ""
    fresh: bool = False
    since: int = 0
    builds: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    distrust: Mapping[str, int] = field(default_factory=dict)

    @property
    def token(self) -> Token:
        """The approval that the build came from."""
        return Token(self.fingerprint, self.number)

    @property
    def all_builds(self) -> dict[str, str]:
        """The builds that are known, by runtime: of the parts, and last that of the artifact."""
        return {**self.builds, **({"": self.build_id} if self.build_id else {})}

    def build_of(self, runtime: str) -> str:
        """Return the build of a runtime's part, of the artifact for "", or "" if none is known."""
        return self.all_builds.get(runtime, "")

    def with_build(self, runtime: str, build_id: str) -> Attempt:
        """Return the attempt once a build is known."""
        if not runtime:
            return replace(self, build_id=build_id)
        return replace(self, builds={**self.builds, runtime: build_id})

    def since_of(self, runtime: str) -> int:
        """Return the lowest number whose build will do for a part, or for the artifact ("")."""
        return max(self.since, self.distrust.get(runtime, 0))

    def distrusts(self, runtime: str) -> bool:
        """Whether only what our own build made will do."""
        return self.since_of(runtime) > 0 or (self.fresh and not runtime)

    @classmethod
    def after(
        cls, last: Attempt | None, token: Token, *, fresh: bool, reason: str, started_at: str
    ) -> Attempt:
        """Return the next attempt: it goes on with the last one if that is what it wants."""
        following = cls(token.number, token.fingerprint, reason, started_at)
        same = last if last is not None and last.fingerprint == token.fingerprint else None
        if same is not None and not same.failure and (same.since or not fresh):
            return replace(
                following,
                build_id=same.build_id,
                fresh=same.fresh,
                since=same.since,
                builds=same.builds,
                distrust=same.distrust,
            )
        following = replace(following, fresh=fresh, since=token.number if fresh else 0)
        if same is None or not same.failure or (fresh and not same.since):
            return following
        # After a failure nobody knows what that build's work is worth; that of others stays good.
        failed = {*same.failed, ""}
        return replace(
            following,
            fresh=True,
            since=same.since if fresh else 0,
            builds={name: id_ for name, id_ in same.builds.items() if name not in failed},
            distrust={**same.distrust, **dict.fromkeys(failed, token.number)},
        )


@dataclass(frozen=True)
class Lease:
    """Who publishes right now, and until when (seconds since 1970)."""

    owner: str
    until: float


@dataclass(frozen=True)
class Pin:
    """A release that stays until it is unpinned: who wanted so, since when (ISO 8601) and why."""

    release: Release
    by: str
    since: str
    reason: str = ""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"pinned to version {self.release.version} by {self.by} since {self.since}{why}"


@dataclass(frozen=True)
class Record:
    """All that is remembered of one layer.

    ``consumed`` is the highest approval number that a build was begun for. ``current`` is the
    release with the highest number, ``releases`` are all of them, last published first.
    ``handover`` tells of the functions that were moved to a release, ``pinned`` that another
    release is in use until somebody unpins it.
    """

    layer: str
    consumed: int = 0
    current: Release | None = None
    attempt: Attempt | None = None
    lease: Lease | None = None
    releases: tuple[Release, ...] = ()
    handover: Handover | None = None
    pinned: Pin | None = None

    def owed(self, entries: Sequence[str]) -> str:
        """Say what the current release owes the functions that are meant, "" for nothing."""
        return owed(self.handover, self.current.number, entries) if self.current else ""

    def left_behind(self) -> str:
        """Name the functions that were left behind by the current release, "" for none."""
        current = self.current
        return left_behind(self.handover, current.number, current.version) if current else ""

    def handed_over(self, handover: Handover) -> Record:
        """Return the record once functions were moved, unless that was to an older release."""
        if self.current is None or self.current.number != handover.number:
            return self
        return replace(self, handover=handover)

    def begun(self, attempt: Attempt) -> Record:
        """Return the record once a build is begun."""
        return replace(self, consumed=max(self.consumed, attempt.number), attempt=attempt)

    def published(self, release: Release) -> Record:
        """Return the record once a release is published: its attempt is over.

        A release that was overtaken by a newer one does not become current.
        """
        others = tuple(r for r in self.releases if r.layer_arn != release.layer_arn)
        current = self.current
        if current is None or current.number <= release.number:
            current = release
        open_attempt = self.attempt
        if open_attempt is not None and open_attempt.number <= release.number:
            open_attempt = None
        return replace(
            self,
            consumed=max(self.consumed, release.number),
            current=current,
            attempt=open_attempt,
            releases=(release, *others)[:KEPT_RELEASES],
        )

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Record:
        """Read what :meth:`to_json` wrote; raise RecordError for anything else."""
        try:
            document = json.loads(text)
            if document["schema"] == SCHEMA:
                return cls._read(document)
            what = f"the record has schema {document['schema']}, we know {SCHEMA}"
        except (ValueError, KeyError, TypeError) as error:
            what = f"the record cannot be read: {error!r}"
        raise RecordError(
            what,
            where=where,
            expected="a record that this version of fast-lambda-layer, or an older one, wrote",
            fix="update fast-lambda-layer; or delete the object: the next plan then asks for a "
            "build, and the apply adopts what is published already",
        )

    @classmethod
    def _read(cls, document: dict[str, Any]) -> Record:
        def maybe(kind: Callable[..., Any], key: str) -> Any:
            return kind(**document[key]) if document[key] is not None else None

        attempt = maybe(Attempt, "attempt")
        return cls(
            layer=document["layer"],
            consumed=document["consumed"],
            current=maybe(Release, "current"),
            attempt=attempt and replace(attempt, failed=tuple(attempt.failed)),
            lease=maybe(Lease, "lease"),
            releases=tuple(Release(**release) for release in document["releases"]),
            handover=Handover.read(handover) if (handover := document.get("handover")) else None,
            pinned=_pin(document.get("pinned")),
        )


def _changes(before: Record, after: Record) -> str:
    """Say what differs between two records."""
    old, new = asdict(before), asdict(after)
    changed = [key for key in new if key != "releases" and old[key] != new[key]]
    told = [f"{key}: {old[key]} -> {new[key]}" for key in changed]
    count = f"{len(before.releases)} -> {len(after.releases)} releases"
    return "; ".join([*told, count])


def _pin(document: dict[str, Any] | None) -> Pin | None:
    if document is None:
        return None
    return Pin(**{**document, "release": Release(**document["release"])})


class Records:
    """The record of one layer in the bucket."""

    def __init__(
        self, store: Store, layer: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._layer = layer
        self._key = f"{layer}/record.json"
        self._sleep = sleep

    def load(self) -> Record | None:
        """Return the record, or None if nothing was remembered yet."""
        return self._load()[0]

    def change(self, change: Callable[[Record], Record]) -> Record:
        """Change the record; ``change`` is called again when somebody else was faster.

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
            where=self._store.url(self._key),
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
        return Record.from_json(text, self._store.url(self._key)), stored.etag
