"""Publish an artifact as a layer version, once, however many try at the same time."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from builder.aws.layers import LayerVersion
from builder.builds.artifact import Artifact
from builder.clock import Clock
from builder.errors import (
    ArtifactError,
    AwsError,
    ConflictError,
    LayerError,
    LayerRetired,
    Unanswered,
)
from builder.layer.layer import Layer
from builder.layer.record import Lease, OpenCall, Record, Release
from builder.layer.token import Token
from builder.progress import Progress
from builder.release.open_calls import LONGEST, looks, noted, seconds_left

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
"""A lease that is not renewed for so long is that of a dead process."""

RENEWAL_SECONDS = LEASE_SECONDS / 4
"""How often the lease is renewed while Lambda copies and unpacks the archive."""

PATIENCE = 12 * LEASE_SECONDS
"""Seconds to wait for another publisher: more than it may wait for a call that got no answer, than
the client's time-out and a lease."""

LOOK_SECONDS = 1.0

REPORT_SECONDS = 20.0
"""How often it is said that another publisher is waited for."""

PAUSES = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds before Lambda is asked again to publish."""

LEAST_LOOKS = 60.0
"""Seconds to look for the version of a call whose connection ended, however long it has waited."""


@dataclass
class _Call:
    """What is known of our calls of PublishLayerVersion: one goes on, so many got no answer."""

    is_open: bool = False
    unanswered: int = 0


def publish(
    layer: Layer,
    artifact: Artifact,
    token: Token,
    *,
    since: int,
    clock: Clock,
    progress: Progress,
) -> LayerVersion:
    """Return the version that holds the artifact: an existing one, or one published now.

    ``since`` is the lowest number whose version will do: 0 when any of this fingerprint will.

    Publishing is not idempotent in Lambda. So a lease in the record lets one publish at a time
    and is renewed until Lambda has answered; versions carry their token in the description; a
    call that got no answer is noted, and waited for (open_calls.py); and should a lease be lost
    all the same, :func:`settle` decides. No clock is compared with another's.
    """
    existing = find_version(layer, artifact, token, since)
    if existing is not None:
        return existing
    call = _Call()
    with _lease(layer, token, call, clock, progress) as record:
        _remove_refused(layer, record.refused, progress)
        existing = find_version(layer, artifact, token, since)
        existing = existing or _awaited(layer, artifact, token, since, clock, progress)
        if existing is not None:
            return existing
        progress(f"publishing {artifact.manifest.zipped_size:,} bytes")
        return _publish(layer, artifact, token, since, call, clock, progress)


def _awaited(
    layer: Layer, artifact: Artifact, token: Token, since: int, clock: Clock, progress: Progress
) -> LayerVersion | None:
    """Return the version that an earlier call without an answer leaves, None if it left none."""
    if not layer.services.layers.outlives_caller:
        return None
    record, now = layer.records.load_dated()
    left = seconds_left(record, token, since=since, now=now)
    said = left + REPORT_SECONDS
    for pause in looks(left):
        if said - left >= REPORT_SECONDS:
            said = left
            progress(
                "an earlier publication of this content was not answered, and Lambda may still "
                f"finish it: looking for its version for {left:.0f} s before it is published again"
            )
        clock.sleep(pause)
        left -= pause
        existing = find_version(layer, artifact, token, since)
        if existing is not None:
            return existing
    return None


def _publish(
    layer: Layer,
    artifact: Artifact,
    token: Token,
    since: int,
    call: _Call,
    clock: Clock,
    progress: Progress,
) -> LayerVersion:
    """Publish; after a call without an answer look first, then try again."""
    for pause in (*PAUSES, None):
        sent, call.is_open = clock.monotonic(), True
        try:
            published = layer.services.layers.publish(
                layer.site.layer_name,
                bucket=layer.site.bucket,
                key=artifact.key,
                object_version=artifact.version,
                targets=layer.spec.targets,
                description=layer.spec.description,
                token=str(token),
                app=layer.app,
            )
        except Unanswered as error:
            call.is_open = False
            call.unanswered += error.was_sent
            if pause is None:
                raise
            progress(f"{error.what}; looking whether it was published, then trying again")
            longest = max(LEAST_LOOKS, LONGEST - (clock.monotonic() - sent))
            for rest in looks(longest) if error.is_open else (pause,):
                clock.sleep(rest)
                existing = find_version(layer, artifact, token, since)
                if existing is not None:
                    call.unanswered -= 1
                    # It is that of our call, and ours to delete should another have won.
                    return replace(existing, fresh=True)
            continue
        except LayerError:
            call.is_open = False
            raise
        call.is_open = False
        _verify(layer, artifact, token, published)
        return replace(published, fresh=True)
    raise AssertionError("the last try returns or raises")


def _remove_refused(layer: Layer, refused: Collection[str], progress: Progress) -> None:
    """Delete versions that were refused and could not be deleted then; what fails is said."""
    if not refused:
        return
    for version in list(layer.services.layers.versions(layer.site.layer_name)):
        if version.arn not in refused or not version.is_of(layer.app):
            continue
        try:
            layer.services.layers.delete(layer.site.layer_name, version.version)
            progress(f"deleted {version.arn}, which was refused before")
        except AwsError as error:
            progress(f"NOTE: {version.arn} is refused and was not deleted: {error.what}")


def find_version(layer: Layer, artifact: Artifact, token: Token, since: int) -> LayerVersion | None:
    """Return a live version of these bytes and this fingerprint.

    The recorded one comes first, then the lowest of the newest token.
    """
    record = layer.records.load_or_new()
    recorded = record.release_of_fingerprint(token.fingerprint, since)
    found: list[tuple[bool, int, LayerVersion]] = []
    for listed in layer.services.layers.versions(layer.site.layer_name):
        other = Token.parse(listed.token)
        if listed.arn in (*record.refused, *record.pruned):
            continue
        if listed.token and not listed.is_of(layer.app):
            raise _shared(layer, listed)
        if other and other.fingerprint == token.fingerprint and other.number >= since:
            is_recorded = recorded is not None and recorded.layer_arn == listed.arn
            found.append((is_recorded, other.number, listed))
    for _, _, listed in sorted(found, key=lambda one: (not one[0], -one[1], one[2].version)):
        version = layer.services.layers.get(listed.arn)
        if version is not None and version.code_sha256 == artifact.manifest.code_sha256:
            log.debug("%s: adopting %s", layer.name, version.arn)
            return version
    log.debug("%s: none of %s published versions has these bytes", layer.name, len(found))
    return None


def _shared(layer: Layer, version: LayerVersion) -> ConflictError:
    """Return the error that two applications would publish into one layer."""
    other = layer.site.layer_name.removeprefix(f"{version.app}-")
    return ConflictError(
        f"layer {layer.name!r} of application {layer.app!r} has the name in Lambda that layer "
        f"{other!r} of application {version.app!r} has",
        where=version.arn,
        expected=f"no versions of other applications in {layer.site.layer_name}",
        fix="give one of the two layers, or one of the applications, another name",
    )


def settle(
    layer: Layer, release: Release, *, since: int, ours: bool, moving: bool = False
) -> tuple[Record, Release]:
    """Record the release, unless a living one of its fingerprint is recorded: then that one wins.

    The compare-and-swap of the record decides between two who published in spite of the lease,
    and the loser deletes the version that it published (``ours``). With ``moving`` only functions
    were to be moved. Return what is recorded.
    """
    alive: dict[str, LayerVersion | None] = {}

    def winner_of(record: Record) -> Release:
        other = record.release_of_fingerprint(release.fingerprint, since)
        if other is None or other.layer_arn == release.layer_arn:
            return release
        if other.layer_arn not in alive:
            alive[other.layer_arn] = layer.services.layers.get(other.layer_arn)
        version = alive[other.layer_arn]
        if version is None or version.code_sha256 != release.code_sha256:
            return release
        return replace(
            release,
            layer_arn=other.layer_arn,
            version=other.version,
            image_uri=other.image_uri,
        )

    record = layer.records.change(lambda record: record.published(winner_of(record), moving=moving))
    found = record.release_of_fingerprint(release.fingerprint, since)
    settled = record.release_for(release.token) or found or release
    if ours and settled.layer_arn != release.layer_arn:
        layer.services.layers.delete(layer.site.layer_name, release.version)
    return record, settled


def _verify(layer: Layer, artifact: Artifact, token: Token, version: LayerVersion) -> None:
    """Refuse the version and raise ArtifactError unless Lambda has the bytes of the manifest.

    That it is refused is noted before it is deleted, so that it is never adopted should we not
    come so far, and its artifact is not published again.
    """
    if version.code_sha256 == artifact.manifest.code_sha256:
        return
    what = "the published version was not what the build's manifest says"
    layer.records.change(lambda record: record.refusing(version.arn, token, what))
    try:
        layer.services.layers.delete(layer.site.layer_name, version.version)
        what += ", and was deleted again"
    except AwsError as error:
        what += f"; it is refused, and could not be deleted: {error.what}"
    raise ArtifactError(
        what,
        where=f"{version.arn}: CodeSha256 {version.code_sha256}",
        expected=f"CodeSha256 {artifact.manifest.code_sha256}",
        fix="the artifact in the bucket was changed; plan and apply again: it is built anew",
    )


@contextmanager
def _lease(
    layer: Layer, token: Token, call: _Call, clock: Clock, progress: Progress
) -> Iterator[Record]:
    """Hold the lease inside, waiting for it first while another process has it.

    Yield the record in which it was taken. A call that got no answer by the end is noted, be it
    that we are interrupted.
    """
    record = _take_lease(layer, token, clock, progress)
    try:
        with clock.every(RENEWAL_SECONDS, partial(_renew, layer, clock)):
            yield record
    finally:
        # Of a layer that was retired nothing is noted; what follows says so, before it writes.
        with suppress(LayerRetired):
            layer.records.change_dated(partial(_dropped, token=token, call=call, clock=clock))


def _renew(layer: Layer, clock: Clock) -> None:
    """Renew the lease; when that fails it is tried again at the next turn."""
    try:
        layer.records.change_dated(partial(_renewed, clock=clock))
    except LayerError as error:
        log.debug("%s: the lease was not renewed: %s", layer.name, error.what)


def _take_lease(layer: Layer, token: Token, clock: Clock, progress: Progress) -> Record:
    """Take the lease once it is free, or once it has not changed for LEASE_SECONDS of ours.

    Return the record in which it is taken. ``until`` was written by another's clock, so it is only
    compared with itself.
    """
    waited, seen, unchanged = 0.0, None, 0.0
    said = clock.monotonic() - REPORT_SECONDS
    while waited < PATIENCE:
        dead = seen if unchanged >= LEASE_SECONDS else None
        taken = partial(_leased, token=token, clock=clock, dead=dead)
        record = layer.records.change_dated(taken)
        lease = record.lease
        if lease is not None and lease.owner == clock.owner:
            return record
        if clock.monotonic() - said >= REPORT_SECONDS and lease is not None:
            said = clock.monotonic()
            progress(f"waiting for {lease.owner}, which is publishing this layer")
        unchanged = unchanged if lease == seen else 0.0
        seen = lease
        clock.sleep(LOOK_SECONDS)
        waited, unchanged = waited + LOOK_SECONDS, unchanged + LOOK_SECONDS
    raise ConflictError(
        f"another process keeps publishing layer {layer.name!r}",
        where=f"the lease in its record, waited {PATIENCE:.0f} s",
        expected="a publication to take seconds",
        fix="see who is releasing this layer (lambda-layer status), then run it again",
    )


def _dropped(record: Record, now: float, *, token: Token, call: _Call, clock: Clock) -> Record:
    if call.is_open or call.unanswered:
        record = noted(record, OpenCall(str(token), now))
    if record.lease is None or record.lease.owner != clock.owner:
        return record
    return replace(record, lease=None)


def _leased(
    record: Record, now: float, *, token: Token, clock: Clock, dead: Lease | None
) -> Record:
    lease = record.lease
    if lease is not None and lease.owner != clock.owner:
        if lease != dead:
            return record
        if lease.token:
            record = noted(record, OpenCall(lease.token, lease.seen))
    until = clock.now() + LEASE_SECONDS
    return replace(record, lease=Lease(clock.owner, until, str(token), now))


def _renewed(record: Record, now: float, *, clock: Clock) -> Record:
    lease = record.lease
    if lease is None or lease.owner != clock.owner:
        return record
    # Others see that we live by its change, even should our clock have been put back.
    until = max(clock.now() + LEASE_SECONDS, lease.until + 1)
    return replace(record, lease=replace(lease, until=until, seen=now))
