"""Publish an artifact as a layer version, once, however many try at the same time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from builder.aws.layers import LayerVersion
from builder.builds.artifact import Artifact
from builder.clock import Clock
from builder.errors import ArtifactError, ConflictError
from builder.layer.layer import Layer
from builder.layer.record import Lease, Record
from builder.layer.token import Token
from builder.progress import Progress

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
"""How long one of us may publish undisturbed; publishing takes a few seconds."""

PATIENCE = 4 * LEASE_SECONDS


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

    Publishing is not idempotent in Lambda. So a lease in the record lets one publish at a time,
    versions carry their token in the description, and should a lease have run out under a slow
    publisher, the lowest version of a token wins and later ones are deleted.
    """
    existing = _existing(layer, artifact, token, since)
    if existing is not None:
        return existing
    with _lease(layer, clock):
        existing = _existing(layer, artifact, token, since)
        if existing is not None:
            return existing
        progress(f"publishing {artifact.manifest.zipped_size:,} bytes")
        published = layer.services.layers.publish(
            layer.site.layer_name,
            bucket=layer.site.bucket,
            key=artifact.key,
            object_version=artifact.version,
            targets=layer.spec.targets,
            description=layer.spec.description,
            token=str(token),
        )
        _verify(layer, artifact, published)
        return _lowest(layer, token, published)


def _existing(layer: Layer, artifact: Artifact, token: Token, since: int) -> LayerVersion | None:
    """Return a live version of these bytes and this fingerprint; the lowest of the newest token."""
    found: list[tuple[int, LayerVersion]] = []
    for listed in layer.services.layers.versions(layer.site.layer_name):
        other = Token.parse(listed.token)
        if other and other.fingerprint == token.fingerprint and other.number >= since:
            found.append((other.number, listed))
    for _, listed in sorted(found, key=lambda pair: (-pair[0], pair[1].version)):
        version = layer.services.layers.get(listed.arn)
        if version is not None and version.code_sha256 == artifact.manifest.code_sha256:
            log.debug("%s: adopting %s", layer.name, version.arn)
            return version
    log.debug("%s: none of %s published versions has these bytes", layer.name, len(found))
    return None


def _verify(layer: Layer, artifact: Artifact, version: LayerVersion) -> None:
    """Delete the version and raise ArtifactError unless Lambda has the bytes of the manifest."""
    if version.code_sha256 == artifact.manifest.code_sha256:
        return
    layer.services.layers.delete(layer.site.layer_name, version.version)
    raise ArtifactError(
        "the published version was not what the build's manifest says, and was deleted again",
        where=f"{version.arn}: CodeSha256 {version.code_sha256}",
        expected=f"CodeSha256 {artifact.manifest.code_sha256}",
        fix="the artifact in the bucket was changed; plan and apply again: it is built anew",
    )


def _lowest(layer: Layer, token: Token, published: LayerVersion) -> LayerVersion:
    listed = layer.services.layers.versions(layer.site.layer_name)
    same = [version for version in listed if version.token == str(token)]
    winner = min(same, key=lambda version: version.version, default=published)
    if winner.version >= published.version:
        return published
    layer.services.layers.delete(layer.site.layer_name, published.version)
    return winner


@contextmanager
def _lease(layer: Layer, clock: Clock) -> Iterator[None]:
    """Hold the lease inside, waiting for it first while another process has it."""
    _take_lease(layer, clock)
    try:
        yield
    finally:
        layer.records.change(lambda record: _drop_lease(record, clock))


def _take_lease(layer: Layer, clock: Clock) -> None:
    deadline = clock.now() + PATIENCE
    while clock.now() < deadline:
        record = layer.records.change(lambda record: _leased(record, clock))
        if record.lease is not None and record.lease.owner == clock.owner:
            return
        clock.sleep(1.0)
    raise ConflictError(
        f"another process keeps publishing layer {layer.name!r}",
        where=f"the lease in its record, waited {PATIENCE:.0f} s",
        expected="a publication to take seconds",
        fix="see who is releasing this layer (lambda-layer status), then run it again",
    )


def _drop_lease(record: Record, clock: Clock) -> Record:
    if record.lease is None or record.lease.owner != clock.owner:
        return record
    return replace(record, lease=None)


def _leased(record: Record, clock: Clock) -> Record:
    if record.lease is not None and record.lease.until > clock.now():
        return record
    return replace(record, lease=Lease(clock.owner, clock.now() + LEASE_SECONDS))
