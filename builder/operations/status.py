"""How a layer is: its releases, its build, and the functions on which version."""

from __future__ import annotations

from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.aws.functions import Use
from builder.builds.attempt_state import AttemptState, state_of
from builder.errors import AwsError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.protocol.statuses import BUILDING, FAILED, MISSING, PINNED, PUBLISHED


@dataclass(frozen=True)
class Status:
    """What is known of one layer; ``unseen`` says why its functions are not known, or "".

    ``has_bucket`` is false where the application is not applied: nothing of it is there.
    """

    layer: Layer
    record: Record
    builds: tuple[BuildState, ...] = ()
    uses: tuple[Use, ...] = ()
    unseen: str = ""
    has_bucket: bool = True

    @property
    def state(self) -> AttemptState | None:
        """How the open attempt is, None when there is none."""
        attempt = self.record.attempt
        return state_of(attempt, self.builds) if attempt else None

    @property
    def word(self) -> str:
        """The layer's state in a word."""
        if self.state is not None:
            return FAILED if self.state.failed else BUILDING
        if self.record.pinned is not None:
            return PINNED
        return PUBLISHED if self.record.current else MISSING

    @property
    def failure(self) -> str:
        """Why the last attempt failed, "" if it did not."""
        return self.state.failure if self.state else ""

    @property
    def build(self) -> BuildState | None:
        """The build that says most of the open attempt, None when none is known."""
        return self.state.leading if self.state else None

    @property
    def wanted(self) -> Release | None:
        """The release that functions should be on."""
        return self.record.pinned.release if self.record.pinned else self.record.current

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
    try:
        uses = tuple(layer.services.functions.using(layer.site.layer_arn))
    except AwsError as error:
        return Status(layer, record, builds, unseen=error.what)
    return Status(layer, record, builds, uses)
