"""What is remembered of a layer: its releases and its last build, changed by compare-and-swap."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from builder.documents import Extensible, Malformed, plain, read_json, typed
from builder.errors import RecordError
from builder.layer.attempt import Attempt, Lesson
from builder.layer.handover import Handover, left_behind, owed
from builder.layer.sharing import Sharing, unshared
from builder.layer.steps import Steps
from builder.layer.token import Token

log = logging.getLogger(__name__)

SCHEMA = 1
"""A version that writes what older ones must not read has another one (docs/protocol.md)."""

KEPT_RELEASES = 100
"""Releases that a record lists, so that it stays small."""


def is_image(arn: str) -> bool:
    """Whether a release's ARN is that of a repository, and not of a layer in Lambda."""
    return arn.split(":")[2:3] == ["ecr"]


@dataclass(frozen=True)
class Release(Extensible):
    """One published layer version for one fingerprint; sizes in bytes, times in ISO 8601.

    ``build_id`` is the build that made the artifact; when that merged the parts of several
    runtimes, ``builds`` has by runtime those that made the parts. ``image_uri`` names what is an
    image, by its digest, and ``push`` is the build that pushed it. ``wheels_alone`` says that
    nothing in it was built from source, False where that is not known.
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
    image_uri: str = ""
    wheels_alone: bool = False
    push: str = ""

    @property
    def address(self) -> str:
        """What a function names it by: its image, or its ARN as a layer."""
        return self.image_uri or self.layer_arn

    @property
    def image_by_tag(self) -> str:
        """The image by its tag, which is its own for ever; "" for what is no image."""
        if not self.image_uri:
            return ""
        return f"{self.image_uri.partition('@')[0]}:{Token(self.fingerprint, self.version).tag}"

    @property
    def token(self) -> Token:
        """The approval that the release came from."""
        return Token(self.fingerprint, self.number)


@dataclass(frozen=True)
class Lease(Extensible):
    """Who publishes right now, and until when (seconds since 1970).

    ``token`` is what is published, ``seen`` when the lease was written last, by AWS's own clock;
    both are empty in records of older versions of this program.
    """

    owner: str
    until: float
    token: str = ""
    seen: float = 0.0


@dataclass(frozen=True)
class OpenCall(Extensible):
    """A PublishLayerVersion for a token that got no answer: Lambda may finish it yet.

    ``seen`` is when its caller was last known to live, by AWS's own clock (seconds since 1970).
    """

    token: str
    seen: float


@dataclass(frozen=True)
class Pin(Extensible):
    """A release that stays until it is unpinned: who wanted so, since when (ISO 8601) and why."""

    release: Release
    by: str
    since: str
    reason: str = ""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"pinned to version {self.release.version} by {self.by} since {self.since}{why}"


@dataclass(frozen=True)
class Record(Extensible):
    """All that is remembered of one layer.

    ``consumed`` is the highest approval number that a build was begun for. ``current`` is the
    release with the highest number, ``releases`` are all of them, last published first.
    ``handover`` is how far functions were moved to a release, ``sharing`` who may use it,
    ``pinned`` a release that is in use until it is unpinned. ``refused`` are ARNs of versions that
    are never adopted. ``chosen_for`` is the reason of the approval that made ``current`` what it
    is: another one than the version's own reason when the sources went back to it; "" in records of
    older versions of this program.
    ``lessons`` has by runtime why builds need a container, and by ``RUNTIME@standard`` why they
    need the image of the runtime, learnt where one has then succeeded.
    ``steps`` are the times of the last release that was walked to its end.
    ``open_calls`` are publications that were not answered. ``pruned`` are ARNs of versions that are
    being deleted, or were: none is adopted or pinned any more.
    """

    layer: str
    consumed: int = 0
    current: Release | None = None
    attempt: Attempt | None = None
    lease: Lease | None = None
    releases: tuple[Release, ...] = ()
    handover: Handover | None = None
    pinned: Pin | None = None
    refused: tuple[str, ...] = ()
    chosen_for: str = ""
    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    sharing: Sharing | None = None
    steps: Steps | None = None
    open_calls: tuple[OpenCall, ...] = ()
    pruned: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why the current release is current, "" when there is none."""
        return self.reason_of(self.current) if self.current else ""

    def reason_of(self, release: Release) -> str:
        """Return why a release is current if it is, else why it was published."""
        return (self.chosen_for if release == self.current else "") or release.reason

    @property
    def wanted(self) -> Release | None:
        """The release that functions should be on: the pinned one, else the current one."""
        return self.pinned.release if self.pinned else self.current

    @property
    def all_releases(self) -> tuple[Release, ...]:
        """The current release, those that are listed, and the pinned one; each version once."""
        pinned = self.pinned.release if self.pinned else None
        found: dict[str, Release] = {}
        for release in (self.current, *self.releases, pinned):
            if release is not None:
                found.setdefault(release.layer_arn, release)
        return tuple(found.values())

    def release_of(self, version: int) -> Release | None:
        """Return the release that a layer version is, None when it is none of ours."""
        return next((r for r in self.all_releases if r.version == version), None)

    def release_for(self, token: Token) -> Release | None:
        """Return the release that came of an approval, None when there is none."""
        return next((r for r in self.all_releases if r.token == token), None)

    def release_of_fingerprint(self, fingerprint: str, since: int) -> Release | None:
        """Return the newest release of a fingerprint that is of approval ``since`` or later."""
        found = [r for r in self.all_releases if r.fingerprint == fingerprint and r.number >= since]
        return max(found, key=lambda release: release.number, default=None)

    def knows(self, token: Token) -> bool:
        """Whether an approval was begun in this record, and not in one that was deleted since."""
        attempt = self.attempt
        is_open = attempt is not None and attempt.token == token
        return is_open or self.release_for(token) is not None or self.consumed > token.number

    def owed(self, entries: Sequence[str]) -> str:
        """Say what the current release owes the functions that are meant, "" for nothing."""
        return owed(self.handover, self.current.number, entries) if self.current else ""

    def unshared(self, share: Sequence[str], parameter: str) -> str:
        """Say what is still to be done so that the current release is shared, "" for nothing."""
        if self.current is None:
            return ""
        return unshared(self.sharing, self.current.layer_arn, share, parameter)

    def left_behind(self) -> str:
        """Name the functions that were left behind by the current release, "" for none."""
        current = self.current
        return left_behind(self.handover, current.number, current.version) if current else ""

    def handed_over(self, handover: Handover) -> Record:
        """Return the record once functions were moved, unless that was to an older release."""
        if self.current is None or self.current.number != handover.number:
            return self
        return replace(self, handover=handover)

    def timed(self, steps: Steps) -> Record:
        """Return the record once the times of a release are known, unless a newer one's are."""
        if self.steps is not None and self.steps.number > steps.number:
            return self
        return replace(self, steps=steps)

    def begun(self, attempt: Attempt) -> Record:
        """Return the record once a build is begun."""
        return replace(self, consumed=max(self.consumed, attempt.number), attempt=attempt)

    def refusing(self, arn: str, token: Token, failure: str) -> Record:
        """Return the record once a version is refused: the attempt it came of has failed."""
        refused = self.refused if arn in self.refused else (*self.refused, arn)[-KEPT_RELEASES:]
        attempt = self.attempt
        if attempt is not None and attempt.token == token and not attempt.failure:
            attempt = replace(attempt, failure=failure)
        return replace(self, refused=refused, attempt=attempt)

    def pruning(self, arns: Sequence[str]) -> Record:
        """Return the record once versions are about to be deleted."""
        known = [arn for arn in self.pruned if arn not in arns]
        return replace(self, pruned=(*known, *arns)[-KEPT_RELEASES:]) if arns else self

    def published(self, release: Release, *, moving: bool = False) -> Record:
        """Return the record once a release is published: its attempt is over.

        A release that was overtaken by a newer one does not become current. When and why a version
        was published stays as it was, should it be adopted for another approval. With ``moving``
        the approval was only about functions, and is no reason why the release is current.
        """
        known = next((r for r in self.all_releases if r.layer_arn == release.layer_arn), None)
        why = release.reason
        if known is not None:
            release = replace(
                release,
                number=max(release.number, known.number),
                reason=known.reason,
                published_at=known.published_at,
                unknown={**known.unknown, **release.unknown},
            )
        others = tuple(r for r in self.releases if r.layer_arn != release.layer_arn)
        current, chosen_for = self.current, self.chosen_for
        if current is None or current.number <= release.number:
            stays = moving and current is not None and current.layer_arn == release.layer_arn
            chosen_for = self.reason if stays else why
            current = release
        open_attempt, lessons = self.attempt, self.lessons
        if open_attempt is not None and open_attempt.number <= release.number:
            if open_attempt.fingerprint == release.fingerprint:
                lessons = {**lessons, **open_attempt.lessons}
            open_attempt = None
        return replace(
            self,
            consumed=max(self.consumed, release.number),
            current=current,
            attempt=open_attempt,
            releases=(release, *others)[:KEPT_RELEASES],
            chosen_for=chosen_for,
            lessons=lessons,
        )

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps({**plain(self), "schema": SCHEMA}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Record:
        """Read what :meth:`to_json` wrote; raise RecordError for anything else."""
        try:
            document = typed(dict[str, object], read_json(text))
            schema = document.pop("schema", None)
            if schema == SCHEMA:
                return typed(cls, document)
            what = f"the record has schema {schema!r:.40}, this version knows {SCHEMA}"
            if isinstance(schema, int) and schema > SCHEMA:
                raise _newer(what, where)
        except Malformed as error:
            what = f"the record cannot be read: {error}"
        raise RecordError(
            what,
            where=where,
            expected="a record that fast-lambda-layer wrote",
            fix="find out who wrote it; delete the object: the next plan then asks for a "
            "build, and the apply adopts what is published already",
        )


def _newer(what: str, where: str) -> RecordError:
    """Return that a record is beyond this version, which must leave it as it is."""
    return RecordError(
        f"the record was written by a newer version of fast-lambda-layer: {what}",
        where=where,
        expected="the version that wrote it, or a newer one, wherever this layer is released",
        fix="upgrade it here: pip install --upgrade fast-lambda-layer",
    )
