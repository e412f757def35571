"""Calls of PublishLayerVersion that got no answer: how long to wait for them, what they leave.

Publishing is not idempotent, and Lambda may finish a call whose caller was killed or interrupted,
or whose connection ended. So before another version of the fingerprint is published, that one is
waited for; and should it come still later, it is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain, repeat

from builder.aws.layers import LayerVersion
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.record import OpenCall, Record
from builder.layer.token import Token
from builder.progress import Progress
from builder.release.leftovers import Listing, remove_unused, users_of

LONGEST = 315.0
"""Seconds that a call may go on after its caller was last known to live: those that our client
waits for an answer (aws/layers.py), and a renewal of the lease. AWS documents no limit."""

PAUSES = (2.0, 3.0, 5.0, 10.0, 20.0)
"""Seconds between looks for the version of such a call; the last one repeats."""

KEPT = 10
"""Open calls that a record lists."""

MEMORY = 86_400.0
"""Seconds after which a call is forgotten."""


def noted(record: Record, call: OpenCall) -> Record:
    """Return the record once a call is known that got no answer."""
    others = [
        other
        for other in record.open_calls
        if other.token != call.token and call.seen - other.seen < MEMORY
    ]
    return replace(record, open_calls=(*others, call)[-KEPT:])


def seconds_left(record: Record, token: Token, *, since: int, now: float) -> float:
    """Return for how long a version that would do for a token may still appear by itself.

    ``since`` is the lowest number whose version will do, ``now`` is by AWS's own clock. Where AWS
    does not say the time, a call counts as one that was just made.
    """
    left = [0.0]
    for call in record.open_calls:
        made = Token.parse(call.token)
        if made and made.fingerprint == token.fingerprint and made.number >= since:
            age = max(0.0, now - call.seen) if now and call.seen else 0.0
            left.append(LONGEST - age)
    return max(left)


def looks(seconds: float) -> Iterator[float]:
    """Yield the pauses between looks that take so many seconds together."""
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        if seconds <= 0:
            return
        yield min(pause, seconds)
        seconds -= pause


def is_surplus(record: Record, version: LayerVersion, living: Collection[str]) -> bool:
    """Whether a version came of an open call after its fingerprint was published by another one.

    ``living`` are the ARNs of the versions that Lambda has. A release that only now is recorded is
    not meant: with a release of its number or a later one in the record it would not be kept.
    """
    token = Token.parse(version.token)
    if token is None or version.token not in {call.token for call in record.open_calls}:
        return False
    if version.arn in {release.layer_arn for release in record.all_releases}:
        return False
    other = record.release_of_fingerprint(token.fingerprint, token.number)
    return other is not None and other.layer_arn in living


def remove_surplus(layer: Layer, listing: Listing, progress: Progress) -> None:
    """Delete the versions that open calls have left and no function has; say what fails."""
    record = layer.records.load_or_new()
    if not record.open_calls:
        return
    name = layer.site.layer_name
    try:
        versions = [v for v in layer.services.layers.versions(name) if v.is_of(layer.app)]
        living = {version.arn for version in versions}
        found = [version for version in versions if is_surplus(record, version, living)]
        remove_unused(layer.services, name, found, users_of(listing, found), progress)
    except LayerError as error:
        progress(f"NOTE: versions that were published twice were not removed: {error.what}")
