"""What a hybrid service has written about itself; only its clients and its task write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from builder.documents import Extensible, Malformed, read_json, typed
from builder.errors import RecordError

KEY = "state.json"
SNAPSHOTS = "snapshots/"
"""Keys below the service's prefix; those of hybrid_service.state, a test compares them."""

CLAIMED, STARTING, RUNNING, STOPPING, STOPPED = (
    *("claimed", "starting", "running", "stopping", "stopped"),
)
PHASES = (CLAIMED, STARTING, RUNNING, STOPPING, STOPPED)

LARGEST = 1 << 20
"""Bytes of a state; one of ours has less than 4 KB."""


@dataclass(frozen=True)
class Snapshot(Extensible):
    """A complete snapshot: ``size`` in bytes, ``taken`` in seconds since 1970."""

    key: str
    size: int
    taken: float


@dataclass(frozen=True)
class State(Extensible):
    """Who serves, and where the data is; the newest snapshot is the first.

    What was answered before ``saved``, in seconds since 1970, is in it.
    """

    generation: int = 0
    phase: str = STOPPED
    task: str = ""
    endpoint: str = ""
    snapshots: tuple[Snapshot, ...] = ()
    saved: float = 0.0
    reason: str = ""
    failed: bool = False

    @classmethod
    def from_json(cls, content: bytes, where: str) -> State:
        """Read the object's content; raise RecordError for what is no state."""
        try:
            return _known(typed(cls, read_json(content, largest=LARGEST)))
        except Malformed as error:
            raise RecordError(
                "the state of the service cannot be read",
                where=f"{where}: {error}",
                expected="what its task or a client wrote",
                fix="restore an earlier version of the object; the bucket is versioned",
            ) from error


def _known(state: State) -> State:
    if state.phase not in PHASES:
        raise Malformed(f"phase is {state.phase!r}, not one of {', '.join(PHASES)}")
    return state


def moment(seconds: float) -> str:
    """Return a time as ISO 8601 (UTC), "" for none and for one that is out of all bounds."""
    try:
        found = datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return ""
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else ""
