"""The state of a service: one JSON object in S3, changed only by compare-and-swap."""

from __future__ import annotations

import dataclasses
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from hybrid_service.errors import ServiceError

KEY = "state.json"
"""The state's key below the service's prefix."""

SETTINGS_KEY = "service.json"
"""The settings' key below the service's prefix; Terraform writes it."""

SNAPSHOTS = "snapshots/"
"""The folder of snapshots below the service's prefix."""

CLAIMED, STARTING, RUNNING, STOPPING, STOPPED = (
    *("claimed", "starting", "running", "stopping", "stopped"),
)
PHASES = (CLAIMED, STARTING, RUNNING, STOPPING, STOPPED)

KEPT_SNAPSHOTS = 3
HOUR = 3600.0

CLOCK_MARGIN = 2.0
"""Seconds: Last-Modified and Date have no fractions (RFC 9110, section 5.6.7)."""


@dataclass(frozen=True)
class Snapshot:
    """A complete snapshot: what must be found under its key to be it."""

    key: str
    version: str
    size: int
    sha256: str
    taken: float
    """The moment of the data: Unix time by the task's clock."""


@dataclass(frozen=True)
class State:
    """Who has the service, and where its data is.

    ``lease`` is for how many seconds after the write the phase is held. ``snapshots`` are the
    newest complete ones, newest first; what was answered before ``saved``, a time by the task's
    clock, is in the first. ``starts`` are the times of recent starts by S3's clock.
    ``failed`` says that the generation ended without having served, for ``reason``. ``nonce``
    tells this write from all others.
    """

    generation: int = 0
    phase: str = STOPPED
    lease: float = 0.0
    task: str = ""
    endpoint: str = ""
    snapshots: tuple[Snapshot, ...] = ()
    starts: tuple[float, ...] = ()
    saved: float = 0.0
    reason: str = ""
    failed: bool = False
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)

    def changed(self, **changes: Any) -> State:
        """Return the state with changes, as a write of its own."""
        return dataclasses.replace(self, **{"nonce": uuid.uuid4().hex, **changes})

    def to_json(self) -> bytes:
        """Return the object's content."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes, where: str) -> State:
        """Read an object's content; raise ServiceError when it is not a state.

        Keys of a newer version are left out.
        """
        try:
            document = json.loads(content)
            known = {f.name for f in dataclasses.fields(cls)} & document.keys()
            state = cls(**{name: document[name] for name in known})
            state = dataclasses.replace(
                state,
                snapshots=tuple(Snapshot(**entry) for entry in document.get("snapshots", ())),
                starts=tuple(float(when) for when in document.get("starts", ())),
            )
            right = (
                isinstance(state.generation, int)
                and isinstance(state.lease, int | float)
                and state.phase in PHASES
            )
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise _unreadable(where, str(error)) from error
        if not right:
            raise _unreadable(where, f"generation {state.generation!r}, phase {state.phase!r}")
        return state


def _unreadable(where: str, why: str) -> ServiceError:
    return ServiceError(
        "the state of the service cannot be read",
        where=f"{where}: {why}",
        expected="what the task or a client wrote",
        fix="restore an earlier version of the object; the bucket is versioned",
    )


@dataclass(frozen=True)
class Seen:
    """A state as it was read: ``etag`` is empty if there was none, ``now`` is S3's clock."""

    state: State
    etag: str
    age: float
    now: float

    @property
    def is_held(self) -> bool:
        """Whether someone has the service."""
        return self.state.phase != STOPPED and self.age <= self.state.lease + CLOCK_MARGIN

    def claimed(self, seconds: float) -> State:
        """Return the state in which the next generation is claimed."""
        recent = tuple(when for when in self.state.starts if self.now - when < HOUR)
        return self.state.changed(
            generation=self.state.generation + 1,
            phase=CLAIMED,
            lease=seconds,
            task="",
            endpoint="",
            starts=(*recent, self.now),
            reason="",
            failed=False,
        )

    def starts_within_the_hour(self) -> int:
        """Return how many starts the last hour had."""
        return sum(self.now - when < HOUR for when in self.state.starts)
