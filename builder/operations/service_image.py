"""The image of a hybrid service: whether it is there, and which one its tasks have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from builder.aws.images import TaggedImage
from builder.aws.tasks import TaskState
from builder.hybrid.service import Service
from builder.operations.service_leftovers import is_named

THERE, MISSING, ELSEWHERE = "there", "missing", "elsewhere"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class ServiceImage:
    """How the image is: THERE, MISSING, ELSEWHERE (in no repository of ours), or UNKNOWN.

    ``name`` is what people call it; ``old`` is what a running task has that is another one.
    """

    word: str
    name: str = ""
    old: str = ""


def image_of(service: Service, running: Sequence[TaskState]) -> ServiceImage:
    """Look which image is next, and which one tasks have that run; raise AwsError."""
    spec = service.spec
    if spec.image:
        return ServiceImage(ELSEWHERE, spec.image)
    if spec.image_tag:
        is_there = service.images.has(service.full_name, spec.image_tag)
        return ServiceImage(THERE if is_there else MISSING, spec.image_tag)
    images = service.images.tagged(service.repository)
    startable = service.tasks.startable(service.full_name)
    following = _first(images, startable)
    if following is None:
        return ServiceImage(MISSING, spec.layer)
    runs = _first(images, [name for task in running for name in task.images])
    is_old = runs is not None and runs != following
    old = _name(spec.layer, runs) if runs and is_old else ""
    return ServiceImage(THERE, _name(spec.layer, following), old)


def _first(images: Iterable[TaggedImage], names: Sequence[str]) -> TaggedImage | None:
    return next((image for image in images if is_named(image, names)), None)


def _name(layer: str, image: TaggedImage) -> str:
    """Return layer and version of an image, whose tag is FINGERPRINT-VERSION."""
    return f"{layer} {image.tags[0].rpartition('-')[2]}"
