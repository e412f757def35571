"""How a layer is: its releases, its build, and the functions on which version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from builder.aws.codebuild import BuildState
from builder.aws.functions import Use, Uses
from builder.builds.attempt_state import AttemptState, state_of
from builder.errors import AwsError
from builder.functions.sizes import UnzippedSizes
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.protocol.statuses import MISSING, PINNED, PUBLISHED
from builder.sizes.together import Together, together


@dataclass(frozen=True)
class Load:
    """The layers of a function once it has the wanted version: how many, and their bytes unzipped.

    Of ``unknown`` ones, which we did not release, Lambda does not show the size.
    """

    layers: int
    size: int
    unknown: int = 0


@dataclass(frozen=True)
class Status:
    """What is known of one layer; ``unseen`` says why its functions are not known, or "".

    ``shared`` are the accounts and organizations that may use the wanted release, None where none
    should or that cannot be seen. ``has_bucket`` is false where the application is not applied:
    nothing of it is there. ``loads`` are the layers of functions that have others too, by function;
    ``together`` is the function that layers.toml gives most beside this layer.
    """

    layer: Layer
    record: Record
    builds: tuple[BuildState, ...] = ()
    uses: tuple[Use, ...] = ()
    unseen: str = ""
    has_bucket: bool = True
    shared: frozenset[str] | None = None
    loads: Mapping[str, Load] = field(default_factory=dict)
    together: Together | None = None

    @property
    def state(self) -> AttemptState | None:
        """How the open attempt is, None when there is none."""
        attempt = self.record.attempt
        return state_of(attempt, self.builds) if attempt else None

    @property
    def word(self) -> str:
        """The layer's state in a word."""
        if self.state is not None:
            return self.state.stage
        if self.record.pinned is not None:
            return PINNED
        return PUBLISHED if self.record.current else MISSING

    @property
    def failure(self) -> str:
        """Why the last attempt failed or stands still, "" if neither is so."""
        return self.state.failure if self.state else ""

    @property
    def build(self) -> BuildState | None:
        """The build that says most of the open attempt, None when none is known."""
        return self.state.leading if self.state else None

    @property
    def wanted(self) -> Release | None:
        """The release that functions should be on."""
        return self.record.wanted

    @property
    def idle(self) -> tuple[str, ...]:
        """The functions that layers.toml names and that have no version of the layer."""
        users = {use.function for use in self.uses}
        named = (name.removesuffix(":$LATEST") for name in self.layer.spec.functions)
        return tuple(name for name in named if name.rpartition(":")[2] not in users)

    @property
    def elsewhere(self) -> tuple[Use, ...]:
        """What could be moved to the wanted version and is not on it."""
        return tuple(u for u in self.uses if u.qualifier == "$LATEST" and self.is_old(u))

    def is_old(self, use: Use) -> bool:
        """Whether a function has another version than it should; published ones cannot move."""
        return self.wanted is not None and use.layer_arn != self.wanted.layer_arn


def status_of(layer: Layer) -> Status:
    """Look how a layer is; read and never write.

    Without the right to list functions the rest is still seen.
    """
    known = layer.records.load()
    if known is None and not layer.services.store.bucket_exists():
        return Status(layer, Record(layer.name), has_bucket=False)
    record = known or Record(layer.name)
    attempt = record.attempt
    open_builds = attempt.all_builds if attempt and attempt.is_open else {}
    builds = tuple(layer.services.codebuild.states(open_builds.values()))
    shared = _shared(layer, record)
    try:
        listing = layer.services.functions.uses()
    except AwsError as error:
        return Status(layer, record, builds, unseen=error.what, shared=shared)
    uses = tuple(listing.of(layer.site.layer_arn))
    found = Status(layer, record, builds, uses, shared=shared)
    return replace(found, loads=_loads(found, listing))


def beside_each_other(found: Sequence[Status], neighbours: Sequence[Layer]) -> list[Status]:
    """Return the same with the functions that layers.toml gives other layers too.

    ``neighbours`` are layers for the same functions that are not among those found.
    """
    wanted = {status.layer.name: status.wanted for status in found}
    for layer in neighbours:
        wanted[layer.name] = layer.records.load_or_new().wanted
    sizes = {name: release.unzipped_size if release else None for name, release in wanted.items()}
    layers = (*(status.layer for status in found), *neighbours)
    functions = {layer.name: layer.spec.scope.named for layer in layers}
    return [replace(s, together=together(s.layer.name, sizes, functions)) for s in found]


def _loads(status: Status, listing: Uses) -> dict[str, Load]:
    """Return what functions would have: those with the layer, and those that should have it."""
    wanted, layer = status.wanted, status.layer
    if wanted is None:
        return {}
    having: dict[str, list[str]] = {}
    for uses in listing.by_layer.values():
        for use in uses:
            if use.is_latest and use.layer_arn.rpartition(":")[0] != layer.site.layer_arn:
                having.setdefault(use.function, []).append(use.layer_arn)
    users = {use.function for use in status.uses if use.is_latest}
    users |= {name.rpartition(":")[2] for name in status.idle}
    size_of = UnzippedSizes(layer)
    loads = {}
    for function in sorted(users & set(having)):
        sizes = [size_of(arn) for arn in having[function]]
        known = [size for size in sizes if size is not None]
        size = wanted.unzipped_size + sum(known)
        loads[function] = Load(1 + len(sizes), size, len(sizes) - len(known))
    return loads


def _shared(layer: Layer, record: Record) -> frozenset[str] | None:
    release = record.wanted
    if release is None or not (layer.spec.share or (record.sharing and record.sharing.share)):
        return None
    try:
        name = layer.site.layer_name
        return frozenset(layer.services.layers.shared_with(name, release.version))
    except AwsError:
        return None
