"""An image of packages: a base with one layer more, written without a container engine, and pushed.

The layer is below ``/opt`` as Lambda unpacks layers, with ``/opt/python`` and ``/opt/bin`` on the
paths. An image is known by its fingerprint, which is a label of it: what is in the repository
already is found there, and not made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from builder.images import layer as layers
from builder.images.errors import ImageError
from builder.images.opt import BELOW, paths_on
from builder.images.push import Base, Pushed, base_of, find, push
from builder.images.reference import Reference
from builder.images.registry import Registry
from builder.inputs.fingerprint import inputs_of
from builder.inputs.source_files import source_files
from builder.layer.layer import Layer
from builder.operations.contents import contents_of, document_of
from builder.progress import Progress
from builder.room import working_folder
from builder.sizes.trial import run
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import IMAGE_LIMIT, Target

LABEL = "fast-lambda-layer.fingerprint"

SCHEMA = 1
"""A change of what an image is made of, other than its inputs, has another one."""


@dataclass(frozen=True)
class Packed:
    """Packages in a zip, as the worker leaves them; sizes in bytes, unzipped."""

    archive: Path
    size: int
    packages: tuple[tuple[str, str, int], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where the packages come from: ``made_of`` is all that they depend on.

    ``pack`` puts them into a folder; it is called when the image is not there yet.
    """

    target: Target
    made_of: Mapping[str, str]
    pack: Callable[[Path, Progress], Packed]


@dataclass(frozen=True)
class Order:
    """What image is wanted, and where.

    ``into`` without a tag means the fingerprint. ``more`` are files beside the packages, by their
    names below ``/opt``. ``limit`` is in bytes.
    """

    source: Source
    base: Reference
    into: Reference
    more: Mapping[str, bytes] = field(default_factory=dict)
    limit: int = IMAGE_LIMIT


@dataclass(frozen=True)
class Image:
    """The image: ``packed`` is None when it was there already."""

    pushed: Pushed
    base: Base
    fingerprint: str
    packed: Packed | None


def built_here(spec: LayerSpec, root: Path) -> Source:
    """Return packages that are to be built on this machine; raise SourceError for bad sources.

    Without a lock their versions are those of the day, as for layers.
    """

    def pack(folder: Path, progress: Progress) -> Packed:
        made = run(spec, root, folder, progress)
        return Packed(folder / "layer.zip", made.size, made.packages, made.notes)

    (target,) = spec.targets
    inputs = inputs_of(spec, source_files(spec, root))
    return Source(target, {"layer": inputs.fingerprint}, pack)


def released(layer: Layer, version: int | None) -> Source:
    """Return the packages of a release, the current one without ``version``.

    They are those that CodeBuild has built and Lambda has: nothing is built for the image. Raise
    LayerError where there is no such release, or it is not what was released.
    """
    contents = contents_of(layer, version)
    release = contents.release

    def pack(folder: Path, progress: Progress) -> Packed:
        progress(f"fetching version {release.version} of layer {layer.name!r}")
        archive = folder / "layer.zip"
        archive.write_bytes(document_of(layer, "zip", version=release.version)[1])
        packages = tuple((each.name, each.version, each.size) for each in contents.packages)
        return Packed(archive, release.unzipped_size, packages)

    (target,) = layer.spec.targets
    made_of = {"layer": release.fingerprint, "code_sha256": release.code_sha256}
    return Source(target, made_of, pack)


def make(order: Order, connect: Callable[[str], Registry], progress: Progress) -> Image:
    """Return the image, made and pushed if it is not there; ``connect`` gives a registry's client.

    Raise ImageError, RegistryError, or LayerError for packages that cannot be had.
    """
    architecture = order.source.target.architecture
    base = base_of(order.base, architecture, connect(order.base.registry))
    fingerprint = fingerprint_of(order, base.digest)
    into = Reference(order.into.registry, order.into.repository, order.into.tag or fingerprint)
    registry = connect(into.registry)
    there = find(into, registry)
    if there is not None:
        if there.labels.get(LABEL) != fingerprint:
            raise _taken(into, there)
        return Image(there, base, fingerprint, None)
    if base.manifest.size > order.limit:
        raise _too_large(str(order.base), base.manifest.size, order.limit)
    with working_folder() as folder:
        packed = order.source.pack(folder, progress)
        least = base.manifest.size + packed.size
        if least > order.limit:
            largest = sorted(packed.packages, key=lambda package: -package[2])[:3]
            said = ", ".join(f"{name} {size:,}" for name, _, size in largest)
            raise _too_large(f"the base and {said}", least, order.limit)
        progress("writing the image's layer")
        written = folder / "layer.tar.gz"
        layer = layers.write(packed.archive, written, below=BELOW, more=order.more)
        labels = {LABEL: fingerprint}
        paths = paths_on(base)
        pushed = push(base, layer, into, registry, paths=paths, labels=labels, progress=progress)
    return Image(pushed, base, fingerprint, packed)


def fingerprint_of(order: Order, base: str) -> str:
    """Return the SHA-256 of all that the image depends on; ``base`` is the digest of its base."""
    more = {name: hashlib.sha256(data).hexdigest() for name, data in order.more.items()}
    document = {"schema": SCHEMA, **order.source.made_of, "base": base, "more": more}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _taken(into: Reference, there: Pushed) -> ImageError:
    return ImageError(
        f"the tag {into.tag!r} has another image",
        where=str(there.reference),
        expected="an image of the same packages, or none: tags stay what they are",
        fix="choose another tag; of a service it is image_tag in layers.toml",
    )


def _too_large(what: str, size: int, limit: int) -> ImageError:
    return ImageError(
        f"the image has more than {size:,} bytes: {what}",
        where="the base's layers as they are in the registry, and the packages unzipped",
        expected=f"at most {limit:,} bytes, unzipped, with the base",
        fix="leave out packages, or use a smaller base",
    )
