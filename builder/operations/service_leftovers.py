"""What hybrid services leave behind: snapshots without a name, revisions that nothing can start."""

from __future__ import annotations

from dataclasses import dataclass

from builder.hybrid.service import Service
from builder.hybrid.state import STOPPED, State
from builder.progress import Progress


@dataclass(frozen=True)
class Leftovers:
    """Keys of snapshots, and ARNs of revisions of the task definition; ``kept`` snapshots stay."""

    service: Service
    snapshots: tuple[str, ...]
    revisions: tuple[str, ...]
    kept: tuple[str, ...]


def leftovers_of(service: Service) -> Leftovers:
    """Return what can go; read only.

    A snapshot can that the state does not name, and that no task can name any more. Revisions can
    that were deregistered, as Terraform does when it replaces one.
    """
    state = service.state()
    keys = [key.removeprefix(service.spec.prefix) for key in service.store.keys(service.snapshots)]
    going = [key for key in keys if state is not None and _is_lost(service, state, key)]
    kept = [key for key in keys if key not in going]
    revisions = service.tasks.inactive(service.full_name)
    return Leftovers(service, tuple(going), tuple(revisions), tuple(kept))


def delete(leftovers: Leftovers, progress: Progress) -> None:
    """Delete what can go; snapshots stay as versions until the bucket's lifecycle forgets them."""
    service = leftovers.service
    for key in leftovers.snapshots:
        progress(f"deleting {key}")
        service.store.hide(service.spec.prefix + key)
    if leftovers.revisions:
        progress(f"deleting {len(leftovers.revisions)} revisions of {service.full_name}")
        service.tasks.forget(leftovers.revisions)


def _is_lost(service: Service, state: State, key: str) -> bool:
    """Whether a snapshot is none of the state's, and of a task that can no longer write that."""
    if key in {snapshot.key for snapshot in state.snapshots}:
        return False
    # GENERATION-NUMBER.tar.gz (hybrid_service.task.snapshots).
    generation = key.rpartition("/")[2].partition("-")[0]
    if not (generation.isascii() and generation.isdigit()):
        return False
    over = state.generation + (state.phase == STOPPED)
    return int(generation) < over
