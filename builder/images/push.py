"""An image of a base and one layer, put into a repository: what is there is not sent again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from builder.images import manifest
from builder.images.errors import ImageError, RegistryError
from builder.images.layer import Layer
from builder.images.manifest import INDEXES, Descriptor, Manifest
from builder.images.reference import Reference
from builder.images.registry import Document, Registry
from builder.progress import Progress
from builder.room import working_folder

AT_ONCE = 4
"""Layers of the base that are copied at the same time."""


@dataclass(frozen=True)
class Base:
    """What an image is built on: ``digest`` names it exactly, for one architecture."""

    reference: Reference
    architecture: str
    registry: Registry
    manifest: Manifest
    config: bytes
    digest: str


@dataclass(frozen=True)
class Pushed:
    """An image in a repository; ``architecture`` is Lambda's, "" for what Lambda cannot run."""

    reference: Reference
    labels: Mapping[str, str]
    architecture: str = ""


def base_of(reference: Reference, architecture: str, registry: Registry) -> Base:
    """Return the image of an architecture that a reference means now; raise ImageError for none."""
    found = registry.manifest(reference)
    if found is not None and found.media_type in INDEXES:
        chosen = manifest.choose(found.content, architecture, str(reference))
        found = registry.manifest(replace(reference, tag="", digest=chosen.digest))
    if found is None:
        raise ImageError(
            f"there is no image {reference}",
            where=reference.registry,
            expected="an image that is there",
            fix="correct the name or the tag of the base",
        )
    described = manifest.read_manifest(found.content, found.media_type, str(reference))
    config = registry.document(reference.repository, described.config)
    return Base(reference, architecture, registry, described, config, found.digest)


def find(reference: Reference, registry: Registry) -> Pushed | None:
    """Return the image that has a tag, None where no image has it."""
    found = registry.manifest(reference)
    if found is None:
        return None
    labels: Mapping[str, str] = {}
    architecture = ""
    if found.media_type in manifest.MANIFESTS:
        described = manifest.read_manifest(found.content, found.media_type, str(reference))
        config = registry.document(reference.repository, described.config)
        labels = manifest.labels_of(config, str(reference))
        architecture = manifest.machine_of(config, str(reference))
    return Pushed(replace(reference, digest=found.digest), labels, architecture)


def push(
    base: Base,
    layer: Layer,
    into: Reference,
    registry: Registry,
    *,
    paths: Mapping[str, str],
    labels: Mapping[str, str],
    progress: Progress,
) -> Pushed:
    """Put the base with one layer more into a repository under a tag; return the image.

    All blobs first, the manifest last: the tag names a whole image or nothing. When another has
    pushed an image with these labels meanwhile, that one is returned, and stays. Raise ImageError
    or RegistryError; what was uploaded by then stays, and is not sent again.
    """
    written = manifest.compose(
        base.manifest,
        base.config,
        layer=layer,
        architecture=base.architecture,
        paths=paths,
        labels=labels,
        where=str(base.reference),
    )

    def copy(wanted: Descriptor) -> None:
        if registry.has(into.repository, wanted.digest):
            return
        progress(f"copying {wanted.size:,} bytes of the base")
        with working_folder() as folder:
            blob = folder / "blob"
            base.registry.download(base.reference.repository, wanted, blob)
            registry.upload(into.repository, wanted.digest, blob)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for copied in [pool.submit(copy, each) for each in base.manifest.layers]:
            copied.result()
    progress(f"pushing {layer.size:,} bytes of packages")
    registry.upload(into.repository, layer.digest, layer.path)
    registry.upload(into.repository, manifest.digest_of(written.config), written.config)
    document = Document(written.manifest, written.media_type)
    there = _with_labels(into, registry, labels)
    if there is None:
        try:
            registry.put_manifest(into, document)
        except RegistryError:
            # The tag was free a moment ago, and stays what it is once it is taken.
            there = _with_labels(into, registry, labels)
            if there is None:
                raise
    return there or Pushed(replace(into, digest=document.digest), labels, base.architecture)


def _with_labels(
    reference: Reference, registry: Registry, labels: Mapping[str, str]
) -> Pushed | None:
    """Return the image that has a tag if it is one of these labels, whoever pushed it."""
    there = find(reference, registry)
    return there if there and labels.items() <= there.labels.items() else None
