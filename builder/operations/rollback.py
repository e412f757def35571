"""Go back to an earlier release of a layer, hold it there, and let it go again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from builder.clock import Clock
from builder.errors import ConflictError, LayerError, SourceError
from builder.functions.move import hand_over, move_functions
from builder.layer.layer import Layer
from builder.layer.record import Pin, Record, Release
from builder.layer.sharing import Sharing
from builder.progress import Progress
from builder.protocol.statuses import CURRENT, UNMOVED, UNSHARED
from builder.release.plan import plan
from builder.release.share import name_current, share


@dataclass(frozen=True)
class Unpinning:
    """What letting a pin go means: ``moves_to`` is the release that functions then go to.

    It is None when a build is due first: then the next apply builds and moves them. ``pin`` is None
    when the pin was let go before, and its functions were not all moved.
    """

    pin: Pin | None
    due: str
    moves_to: Release | None


def roll_back(
    layer: Layer, release: Release, *, by: str, reason: str, clock: Clock, progress: Progress
) -> Pin:
    """Pin a release and move the layer's functions to it; return the pin.

    The pin comes first: a release that is on its way then leaves the functions alone. Raise
    LayerError when functions were not moved; the pin holds, and running it again moves the rest.
    """
    pin = Pin(release, by, clock.timestamp(), reason)
    pinned = layer.records.change(partial(_pinned, pin=pin, where=layer.records.url))
    progress(f"{pinned.pinned}")
    name_current(layer, release, progress=progress)
    moves = move_functions(
        layer,
        release.layer_arn,
        progress=progress,
        clock=clock,
        overtaken=lambda: not _holds(layer.records.load_or_new(), release),
    )
    if moves.overtaken:
        raise ConflictError(
            f"layer {layer.name!r} was pinned otherwise, or unpinned, while functions were moved",
            where=layer.records.url,
            expected=f"version {release.version} to stay pinned until all were moved",
            fix="see who did so: lambda-layer status; what was decided last holds",
        )
    moves.check(f"run it again: lambda-layer rollback {layer.name} {release.version}")
    return pinned.pinned or pin


def _pinned(record: Record, *, pin: Pin, where: str) -> Record:
    """Return the record with the pin; raise ConflictError for a version that is being deleted."""
    if pin.release.layer_arn in record.pruned:
        raise ConflictError(
            f"version {pin.release.version} is being deleted by a prune",
            where=where,
            expected="a version that stays",
            fix="roll back to another one: lambda-layer rollback without a version lists them",
        )
    return replace(record, pinned=_kept(record, pin))


def _holds(record: Record, release: Release) -> bool:
    return record.pinned is not None and record.pinned.release.layer_arn == release.layer_arn


def unpinning_of(layer: Layer) -> Unpinning:
    """Say what unpinning a layer means now; raise LayerError when it is not pinned.

    An unpinning that was interrupted, or that has not moved all functions, is still to be done.
    """
    record = layer.records.load()
    if record is None or (record.pinned is None and not _is_unfinished(record)):
        raise _not_pinned(layer)
    try:
        due = plan(layer, pins=False)
    except SourceError as error:
        return Unpinning(record.pinned, f"its sources cannot be used: {error.what}", None)
    if record.pinned is None and due.status not in {UNMOVED, UNSHARED}:
        raise _not_pinned(layer)
    if due.status in {CURRENT, UNMOVED, UNSHARED}:
        return Unpinning(record.pinned, "nothing", record.current)
    return Unpinning(record.pinned, f"{due.status}: {due.reason}", None)


def _not_pinned(layer: Layer) -> LayerError:
    return LayerError(
        f"layer {layer.name!r} is not pinned",
        where=layer.records.url,
        expected="a layer that was rolled back",
        fix="nothing is to be done; lambda-layer status shows what is pinned",
    )


def _is_unfinished(record: Record) -> bool:
    """Whether a pin was let go, and what was to follow has not come: see :func:`_unpinned`."""
    handover, sharing = record.handover, record.sharing
    is_unnamed = sharing is not None and sharing.parameters and not sharing.layer_arn
    is_left = handover is not None and (handover.failed or not handover.number)
    return bool(is_left or is_unnamed)


def unpin(layer: Layer, unpinning: Unpinning, *, clock: Clock, progress: Progress) -> None:
    """Let the pin go, and move the functions to the current release if no build is due first.

    What the current release owes is noted with it: should we be killed, the next plan says so, and
    the next apply does it. Raise LayerError when functions were not moved.
    """
    before = layer.records.load_or_new().sharing
    if unpinning.pin is not None:
        layer.records.change(_unpinned)
        progress(f"no longer {unpinning.pin}")
    if unpinning.moves_to is None:
        return
    if unpinning.pin is not None:
        name_current(layer, unpinning.moves_to, progress=progress)
        layer.records.change(partial(_named, before=before))
    elif layer.records.load_or_new().unshared(layer.spec.share, layer.spec.parameter):
        # Who was interrupted has not left what the record said of sharing before.
        share(layer, unpinning.moves_to, progress=progress)
    hand_over(layer, unpinning.moves_to, progress=progress, clock=clock).check()


def _unpinned(record: Record) -> Record:
    """Return the record without its pin: functions and the parameter are where the pin was."""
    handover, sharing = record.handover, record.sharing
    return replace(
        record,
        pinned=None,
        handover=replace(handover, number=0) if handover else None,
        sharing=_unnamed(sharing) if sharing and sharing.parameters else sharing,
    )


def _unnamed(sharing: Sharing) -> Sharing:
    return replace(sharing, layer_arn="")


def _named(record: Record, *, before: Sharing | None) -> Record:
    """Return the record once the parameter has the current release, if nobody has shared since."""
    if before is None or record.sharing != _unnamed(before):
        return record
    return replace(record, sharing=before)


def _kept(record: Record, pin: Pin) -> Pin:
    """Return the pin, or the same one from before with its time, so that plans stay as they are."""
    before = record.pinned
    same = before is not None and (before.release, before.by) == (pin.release, pin.by)
    if before is not None and same and pin.reason in {"", before.reason}:
        return before
    return pin
