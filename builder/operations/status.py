"""How a layer is: its releases, its build, and the functions on which version."""

from __future__ import annotations

from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.aws.functions import Use
from builder.builds.attempt_state import most_telling
from builder.errors import AwsError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release


@dataclass(frozen=True)
class Status:
    """What is known of one layer; ``unseen`` says why its functions are not known, or ""."""

    layer: Layer
    record: Record
    build: BuildState | None = None
    uses: tuple[Use, ...] = ()
    unseen: str = ""

    @property
    def word(self) -> str:
        """The layer's state in a word."""
        attempt = self.record.attempt
        if self.failure:
            return "failed"
        if attempt is not None:
            return "building"
        if self.record.pinned is not None:
            return "pinned"
        return "published" if self.record.current else "missing"

    @property
    def failure(self) -> str:
        """Why the last build failed, "" if it did not."""
        attempt, build = self.record.attempt, self.build
        if attempt is not None and attempt.failure:
            return attempt.failure
        if build is not None and not build.running and not build.succeeded:
            return build.failure or build.status
        return ""

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

    Who may not list functions still sees the rest.
    """
    record = layer.records.load() or Record(layer.name)
    attempt = record.attempt
    builds = attempt.all_builds if attempt and not attempt.failure else {}
    build = most_telling(layer, builds.values())
    try:
        uses = tuple(layer.services.functions.using(layer.site.layer_name))
    except AwsError as error:
        return Status(layer, record, build, unseen=error.what)
    return Status(layer, record, build, uses)
