"""Prune a layer: which of its versions and artifacts may go, why the others stay, and their end.

Deleting a layer version leaves the functions that have it as they are, but none can be created or
updated with it (AWS Lambda developer guide, "Deleting a layer version"). So a version that any
function has, be it $LATEST or a published version that an alias may point to, stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from builder.aws.functions import Use, Uses, by_version
from builder.aws.layers import LayerVersion
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.token import Token
from builder.progress import Progress
from builder.protocol.statuses import CURRENT
from builder.release.leftovers import Listing, sweep
from builder.release.open_calls import is_surplus, remove_surplus
from builder.spec.app_spec import AppSpec

UNFINISHED = "its release is not finished"
"""Why a version stays that a release may adopt: its sources are those of a build under way."""

SHOWN_USERS = 3
"""Functions that a reason names before it counts the rest."""


@dataclass(frozen=True)
class Verdict:
    """What is to become of one version: ``stays`` says why it stays, "" that it goes.

    ``gone`` says that Lambda has it no longer; only what the bucket holds of it is left.
    """

    version: int
    arn: str
    fingerprint: str
    published_at: str
    stays: str
    gone: bool = False


@dataclass(frozen=True)
class Pruning:
    """The verdicts on a layer's versions, newest first, and the fingerprints that go with them."""

    verdicts: tuple[Verdict, ...]
    fingerprints: tuple[str, ...]

    @property
    def going(self) -> tuple[Verdict, ...]:
        """The versions that go."""
        return tuple(verdict for verdict in self.verdicts if not verdict.stays)


def pruning_of(
    layer: Layer, keep: int, listing: Listing | None = None, *, adopted: bool = False
) -> Pruning:
    """Return what pruning a layer to its newest versions would do; read and never write.

    ``listing`` says which functions have which versions, without it they are listed. With
    ``adopted`` versions may go too that others published before the layer was taken over.
    """
    record = layer.records.load_or_new()
    versions = list(layer.services.layers.versions(layer.site.layer_name))
    uses = listing() if listing else layer.services.functions.uses()
    shared = None
    if adopted:
        name, layers = layer.site.layer_name, layer.services.layers
        foreign = [version for version in versions if not version.token]
        shared = {version.arn: layers.granted(name, version.version) for version in foreign}
    return decide(versions, record, uses.of(layer.site.layer_arn), keep, layer.app, shared)


def decide(
    versions: Sequence[LayerVersion],
    record: Record,
    uses: Iterable[Use],
    keep: int,
    app: str,
    shared: Mapping[str, Sequence[str]] | None = None,
) -> Pruning:
    """Judge each version that Lambda has, and each that only the record still has.

    ``shared`` has, by the ARNs of versions that others published, with whom; without it those stay.
    """
    present = {version.arn for version in versions}
    surplus = {v.arn for v in versions if is_surplus(record, v, present)}
    good = [v for v in versions if v.is_of(app) and v.arn not in {*record.refused, *surplus}]
    ours = sorted((v.version for v in good), reverse=True)
    users = by_version(uses)
    known = {release.layer_arn: release for release in record.releases}
    unwanted = frozenset((*record.refused, *surplus))
    reasons = _Reasons(record, users, frozenset(ours[:keep]), unwanted, keep, app, shared)
    verdicts = [
        Verdict(
            version.version,
            version.arn,
            _fingerprint(version, known),
            known[version.arn].published_at if version.arn in known else "",
            reasons.of(version),
        )
        for version in versions
    ]
    verdicts += [
        Verdict(
            release.version,
            release.layer_arn,
            release.fingerprint,
            release.published_at,
            reasons.of_gone(release),
            gone=True,
        )
        for release in record.releases
        if release.layer_arn not in present
    ]
    ordered = tuple(sorted(verdicts, key=lambda verdict: -verdict.version))
    return Pruning(ordered, _fingerprints(ordered, record))


def prune(layer: Layer, pruning: Pruning, progress: Progress) -> int:
    """Delete what goes; return how many object versions the bucket is rid of.

    What goes is noted first, unless it is needed since it was judged: a release or a rollback that
    goes back to a version sees the note, or prune sees the release or the rollback. The version
    goes next, then its objects, then what the record says of it: run again after a crash, it goes
    on with what is left.
    """
    pruning = _noted(layer, pruning, progress)
    for verdict in pruning.going:
        if not verdict.gone:
            layer.services.layers.delete(layer.site.layer_name, verdict.version)
            progress(f"deleted {verdict.arn}")
    count = done = 0
    for fingerprint in pruning.fingerprints:
        if fingerprint in _needed(layer.records.load_or_new()):
            continue
        done += 1
        count += sum(
            layer.services.store.delete_all(prefix) for prefix in layer.keys.prefixes(fingerprint)
        )
    if count:
        progress(f"deleted {count} object versions of {done} artifacts")
    arns = {verdict.arn for verdict in pruning.going}
    if arns:
        layer.records.change(lambda record: _without(record, arns))
    return count


def _noted(layer: Layer, pruning: Pruning, progress: Progress) -> Pruning:
    """Note in the record what goes, and return that: without what is needed by now."""
    if not pruning.going:
        return pruning

    def noted(record: Record) -> Record:
        return record.pruning([v.arn for v in pruning.going if not _needs(record, v)])

    record = layer.records.change(noted)
    verdicts = []
    for verdict in pruning.verdicts:
        why = "" if verdict.stays else _needs(record, verdict)
        if why:
            progress(f"keeping {verdict.arn}: {why}")
        verdicts.append(replace(verdict, stays=verdict.stays or why))
    ordered = tuple(verdicts)
    return Pruning(ordered, _fingerprints(ordered, record))


def _needs(record: Record, verdict: Verdict) -> str:
    """Say what the record needs a version for that was to go, "" for nothing."""
    current, pin = record.current, record.pinned
    if pin is not None and pin.release.layer_arn == verdict.arn:
        return str(pin)
    if current is not None and current.layer_arn == verdict.arn:
        return CURRENT
    attempt = record.attempt
    own = verdict.fingerprint and verdict.arn not in record.refused
    is_wanted = attempt and attempt.is_open and attempt.fingerprint == verdict.fingerprint
    return UNFINISHED if own and is_wanted and not verdict.gone else ""


def freed(layer: Layer, pruning: Pruning) -> int:
    """Return the bytes in the bucket that pruning frees."""
    return sum(
        layer.services.store.measure(prefix)[1]
        for fingerprint in pruning.fingerprints
        for prefix in layer.keys.prefixes(fingerprint)
    )


def tidy(
    layer: Layer, progress: Progress, seen: Uses | None = None, *, sweeps: bool = True
) -> None:
    """Remove what retired layers and late publications left; prune, if the layer names ``keep``.

    The release is done: what cannot be pruned now is reported, and goes after the next one.
    ``seen`` is the last listing of functions, taken after they were moved: with their published
    versions it spares another one. Without ``sweeps`` retired layers are left alone.
    """
    known = [seen] if seen is not None and seen.published else []

    def listing() -> Uses:
        if not known:
            known.append(layer.services.functions.uses())
        return known[0]

    if sweeps:
        sweep(layer.services, AppSpec(layer.app), progress, listing)
    remove_surplus(layer, listing, progress)
    if not layer.spec.keep:
        return
    try:
        prune(layer, pruning_of(layer, layer.spec.keep, listing), progress)
    except LayerError as error:
        progress(f"NOTE: old versions were not pruned (keep = {layer.spec.keep}): {error.what}")


@dataclass(frozen=True)
class _Reasons:
    record: Record
    users: Mapping[str, Sequence[str]]
    newest: frozenset[int]
    unwanted: frozenset[str]
    keep: int
    app: str
    shared: Mapping[str, Sequence[str]] | None = None

    def of(self, version: LayerVersion) -> str:
        """Say why a version stays; "" if nothing speaks for it."""
        if not version.token:
            return self._of_others(version)
        if not version.is_of(self.app):
            return f"published for application {version.app}"
        if version.arn in self.unwanted:
            return _used_by(self.users.get(version.arn, ()))
        token, attempt = Token.parse(version.token), self.record.attempt
        if attempt is not None and token is not None:
            again = attempt.is_open and token.fingerprint == attempt.fingerprint
            if token.number >= attempt.number or (again and token.number >= attempt.since):
                return UNFINISHED
        known = {release.layer_arn for release in self.record.releases}
        if not version.app and version.arn not in known:
            return "published for an application that it does not name"
        newest = "the newest" if self.keep == 1 else f"one of the newest {self.keep}"
        return self._held(version.arn) or (newest if version.version in self.newest else "")

    def _of_others(self, version: LayerVersion) -> str:
        """Say why a version stays that others published; deleting it cannot be undone."""
        current = self.record.current
        if self.shared is None:
            return "not published by us"
        if current is None:
            return "no release of ours follows on it yet"
        if version.version > current.version:
            return "others published it after the current version"
        whom = self.shared.get(version.arn, ())
        other = f"shared with {', '.join(whom)}, whose functions cannot be seen" if whom else ""
        return self._held(version.arn) or other

    def of_gone(self, release: Release) -> str:
        """Say why what is left of a deleted version stays."""
        return self._held(release.layer_arn)

    def _held(self, arn: str) -> str:
        current, pin = self.record.current, self.record.pinned
        if pin is not None and pin.release.layer_arn == arn:
            return str(pin)
        if current is not None and current.layer_arn == arn:
            return CURRENT
        return _used_by(self.users.get(arn, ()))


def _used_by(users: Sequence[str]) -> str:
    if not users:
        return ""
    rest = len(users) - SHOWN_USERS
    more = f" and {rest} more" if rest > 0 else ""
    return f"used by {', '.join(users[:SHOWN_USERS])}{more}"


def _fingerprint(version: LayerVersion, known: Mapping[str, Release]) -> str:
    token = Token.parse(version.token)
    if token is not None:
        return token.fingerprint
    return known[version.arn].fingerprint if version.arn in known else ""


def _fingerprints(verdicts: Sequence[Verdict], record: Record) -> tuple[str, ...]:
    """Return the fingerprints that nothing is left of once the versions have gone."""
    needed = _needed(record) | {verdict.fingerprint for verdict in verdicts if verdict.stays}
    going = dict.fromkeys(verdict.fingerprint for verdict in verdicts if not verdict.stays)
    return tuple(found for found in going if found and found not in needed)


def _needed(record: Record) -> set[str]:
    """Return the fingerprints whose objects the record needs whatever versions there are."""
    needed = {found.fingerprint for found in (record.current, record.attempt) if found}
    return needed | ({record.pinned.release.fingerprint} if record.pinned else set())


def _without(record: Record, arns: set[str]) -> Record:
    return replace(record, releases=tuple(r for r in record.releases if r.layer_arn not in arns))
