"""What hybrid services leave behind: snapshots, revisions and images that nothing names or runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.aws.images import TaggedImage
from builder.hybrid.service import Service
from builder.hybrid.state import STOPPED, State
from builder.progress import Progress


@dataclass(frozen=True)
class ImageVerdict:
    """What is to become of an image: ``stays`` says why it stays, "" that it goes."""

    image: TaggedImage
    stays: str


@dataclass(frozen=True)
class Leftovers:
    """Keys of snapshots, and ARNs of revisions of the task definition; ``kept`` snapshots stay.

    ``images`` are all that a tag names, last pushed first, if it was said how many are kept.
    """

    service: Service
    snapshots: tuple[str, ...]
    revisions: tuple[str, ...]
    kept: tuple[str, ...]
    images: tuple[ImageVerdict, ...] = ()

    @property
    def going(self) -> tuple[TaggedImage, ...]:
        """The images that go."""
        return tuple(verdict.image for verdict in self.images if not verdict.stays)


def leftovers_of(service: Service, keep: int | None = None) -> Leftovers:
    """Return what can go; read only.

    A snapshot can that the state does not name, and that no task can name any more. Revisions can
    that were deregistered, as Terraform does when it replaces one. With ``keep`` images can, too,
    but for the newest ones, and those that something may still run.
    """
    state = service.state()
    keys = [key.removeprefix(service.spec.prefix) for key in service.store.keys(service.snapshots)]
    going = [key for key in keys if state is not None and _is_lost(service, state, key)]
    kept = [key for key in keys if key not in going]
    revisions = service.tasks.inactive(service.full_name)
    images = tuple(_judged(service, keep)) if keep else ()
    return Leftovers(service, tuple(going), tuple(revisions), tuple(kept), images)


def delete(leftovers: Leftovers, progress: Progress) -> None:
    """Delete what can go; snapshots stay as versions until the bucket's lifecycle forgets them.

    Raise AwsError; what is deleted by then stays deleted, and the rest goes with another run.
    """
    service = leftovers.service
    for key in leftovers.snapshots:
        progress(f"deleting {key}")
        service.store.hide(service.spec.prefix + key)
    if leftovers.revisions:
        progress(f"deleting {len(leftovers.revisions)} revisions of {service.full_name}")
        service.tasks.forget(leftovers.revisions)
    if leftovers.going:
        progress(f"deleting {len(leftovers.going)} images of {service.full_name}")
        service.images.delete(service.full_name, [image.digest for image in leftovers.going])


def _judged(service: Service, keep: int) -> Iterator[ImageVerdict]:
    """Judge the images in the service's own repository, if it has one.

    Those that were pushed after the one of layers.toml stay: somebody is about to name them there.
    """
    if not service.spec.image_tag:
        return
    # Before the images: a task that starts meanwhile is of a revision that is seen.
    startable = service.tasks.startable(service.full_name)
    running = [name for task in service.tasks.running() for name in task.images]
    images = service.images.tagged(service.full_name)
    current = next((i for i in images if service.spec.image_tag in i.tags), None)
    newest = "the newest" if keep == 1 else f"one of the newest {keep}"
    older = 0
    for image in images:
        if current is None:
            yield ImageVerdict(image, f"none has the tag {service.spec.image_tag} of layers.toml")
        elif image == current:
            yield ImageVerdict(image, "that of layers.toml")
        elif image.pushed >= current.pushed:
            yield ImageVerdict(image, "pushed after that of layers.toml")
        else:
            older += 1
            kept = newest if older < keep else ""
            yield ImageVerdict(image, _used(image, running, startable) or kept)


def _used(image: TaggedImage, running: Sequence[str], startable: Sequence[str]) -> str:
    """Say what has an image; "" for nothing that can be seen."""
    if is_named(image, running):
        return "a task runs it"
    return "tasks can be started from it" if is_named(image, startable) else ""


def is_named(image: TaggedImage, names: Sequence[str]) -> bool:
    """Whether one of the names is the image's: ``repository:tag``, or one that ends in a digest."""
    ends = (image.digest, *(f":{tag}" for tag in image.tags))
    return any(name.endswith(ends) for name in names)


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
