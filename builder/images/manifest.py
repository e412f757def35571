"""The documents of an image: index, manifest and configuration.

Sources of the facts: the OCI image specification 1.1, "Image Index", "Image Manifest" and "Image
Configuration"; Docker's "Image Manifest Version 2, Schema 2". Lambda takes both kinds (AWS Lambda
developer guide, "Create a Lambda function using a container image"), not mixed: an image is of the
kind of its base.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from builder.documents import Extensible, Malformed, read_json, typed
from builder.images.errors import ImageError
from builder.images.layer import Layer
from builder.images.reference import DIGEST

T = TypeVar("T")

OCI, DOCKER = "application/vnd.oci.image", "application/vnd.docker"
INDEXES = (f"{OCI}.index.v1+json", f"{DOCKER}.distribution.manifest.list.v2+json")
OCI_MANIFEST = f"{OCI}.manifest.v1+json"
DOCKER_MANIFEST = f"{DOCKER}.distribution.manifest.v2+json"
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
NEW_LAYER = {
    OCI_MANIFEST: f"{OCI}.layer.v1.tar+gzip",
    DOCKER_MANIFEST: f"{DOCKER}.image.rootfs.diff.tar.gzip",
}
LAYERS = {
    OCI_MANIFEST: tuple(f"{OCI}.layer.v1.tar{suffix}" for suffix in ("", "+gzip", "+zstd")),
    DOCKER_MANIFEST: (NEW_LAYER[DOCKER_MANIFEST],),
}
"""Layers that can be copied; foreign ones stay where they are, and Lambda could not read them."""

MACHINES = {"x86_64": "amd64", "arm64": "arm64"}
"""What images call Lambda's architectures."""

MOST_LAYERS = 127
"""Layers of an image that container engines can mount (overlay2 of Docker)."""


@dataclass(frozen=True)
class Descriptor:
    """A blob or document of a registry; ``size`` in bytes."""

    media_type: str
    digest: str
    size: int

    def to_json(self) -> dict[str, Any]:
        """Return it as manifests have it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Manifest:
    """One image for one machine: its configuration and its layers, the lowest first."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def size(self) -> int:
        """Bytes of all layers, compressed."""
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True)
class Written:
    """The documents of a new image."""

    media_type: str
    config: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        """The image's digest."""
        return digest_of(self.manifest)


@dataclass(frozen=True)
class _Platform(Extensible):
    os: str = ""
    architecture: str = ""


@dataclass(frozen=True)
class _Described(Extensible):
    mediaType: str  # noqa: N815 - as documents have it
    digest: str
    size: int
    platform: _Platform = field(default_factory=_Platform)


@dataclass(frozen=True)
class _Index(Extensible):
    manifests: tuple[_Described, ...]


@dataclass(frozen=True)
class _Manifest(Extensible):
    config: _Described
    layers: tuple[_Described, ...]


@dataclass(frozen=True)
class _Files(Extensible):
    diff_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Run(Extensible):
    Env: tuple[str, ...] | None = None
    Labels: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _Config(Extensible):
    architecture: str
    os: str
    rootfs: _Files
    history: tuple[Mapping[str, Any], ...] | None = None
    config: _Run | None = None


def digest_of(content: bytes) -> str:
    """Return the digest of a document."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def choose(index: bytes, architecture: str, where: str) -> Descriptor:
    """Return which manifest of an index is for Lambda's architecture; raise ImageError for none."""
    found = _read(_Index, index, where)
    machine = MACHINES[architecture]
    for each in found.manifests:
        if (each.platform.os, each.platform.architecture) == ("linux", machine):
            return _descriptor(each, MANIFESTS, where)
    there = sorted({f"{m.platform.os}/{m.platform.architecture}" for m in found.manifests})
    raise ImageError(
        f"the base has no image for linux/{machine}",
        where=where,
        expected=", ".join(there) or "an index that names images",
        fix="choose another base, or the architecture that it has",
    )


def read_manifest(content: bytes, media_type: str, where: str) -> Manifest:
    """Return what a manifest says; raise ImageError when it is none that can be built on."""
    if media_type not in MANIFESTS:
        raise _wrong(f"its manifest is of type {media_type!r:.100}", where)
    found = _read(_Manifest, content, where)
    config = _descriptor(found.config, (), where)
    layers = tuple(_descriptor(each, LAYERS[media_type], where) for each in found.layers)
    return Manifest(media_type, config, layers)


def labels_of(config: bytes, where: str) -> Mapping[str, str]:
    """Return the labels of an image; raise ImageError when its configuration cannot be read."""
    run = _read(_Config, config, where).config
    return (run.Labels if run else None) or {}


def machine_of(config: bytes, where: str) -> str:
    """Return Lambda's architecture that an image is for, "" for none; raise as labels_of does."""
    known = _read(_Config, config, where)
    found = [name for name, machine in MACHINES.items() if machine == known.architecture]
    return found[0] if known.os == "linux" and found else ""


def check_machine(config: bytes, architecture: str, where: str) -> None:
    """Raise ImageError for an image that is for another machine than Lambda's architecture."""
    known = _read(_Config, config, where)
    if (known.os, known.architecture) != ("linux", MACHINES[architecture]):
        raise _wrong(f"it is for {known.os}/{known.architecture}", where)


def variables_of(config: bytes, where: str) -> Mapping[str, str]:
    """Return the variables of an image; raise ImageError when its configuration cannot be read."""
    run = _read(_Config, config, where).config
    return _variables((run.Env if run else None) or ())


def compose(
    base: Manifest,
    config: bytes,
    *,
    layer: Layer,
    architecture: str,
    paths: Mapping[str, str],
    labels: Mapping[str, str],
    where: str,
) -> Written:
    """Return the documents of the base with one layer more; nothing else of it changes.

    ``paths`` are variables that get a folder before what the base has in them. Raise ImageError for
    a base whose documents contradict each other or that is for another machine.
    """
    check_machine(config, architecture, where)
    known, document = _read(_Config, config, where), read_json(config)
    if len(known.rootfs.diff_ids) != len(base.layers):
        raise _wrong("its configuration knows other layers than its manifest", where)
    if len(base.layers) >= MOST_LAYERS:
        raise _wrong(f"it has {len(base.layers)} layers, and none can be added", where)
    run = {**(document.get("config") or {})}
    before = known.config or _Run()
    run["Env"] = _with_paths(before.Env or (), paths)
    run["Labels"] = {**(before.Labels or {}), **labels}
    document["config"] = run
    document["rootfs"]["diff_ids"] = [*known.rootfs.diff_ids, layer.diff_id]
    if known.history:
        # One entry for each layer, where there are any: else engines refuse the image.
        document["history"] = [*known.history, {"created_by": "lambda-layer image"}]
    written = _json(document)
    kind = "application/vnd.oci.image.config.v1+json"
    if base.media_type == DOCKER_MANIFEST:
        kind = f"{DOCKER}.container.image.v1+json"
    added = Descriptor(NEW_LAYER[base.media_type], layer.digest, layer.size)
    manifest = {
        "schemaVersion": 2,
        "mediaType": base.media_type,
        "config": Descriptor(kind, digest_of(written), len(written)).to_json(),
        "layers": [each.to_json() for each in (*base.layers, added)],
    }
    return Written(base.media_type, written, _json(manifest))


def _with_paths(variables: Sequence[str], paths: Mapping[str, str]) -> list[str]:
    known = _variables(variables)
    for name, folder in paths.items():
        behind = [part for part in known.get(name, "").split(":") if part != folder]
        known[name] = ":".join([folder, *filter(None, behind)])
    return [f"{name}={value}" for name, value in known.items()]


def _variables(words: Sequence[str]) -> dict[str, str]:
    return dict(each.partition("=")[::2] for each in words)


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _read(kind: type[T], content: bytes, where: str) -> T:
    try:
        return typed(kind, read_json(content))
    except Malformed as error:
        raise _wrong(f"its document cannot be read: {error}", where) from error


def _descriptor(found: _Described, kinds: Sequence[str], where: str) -> Descriptor:
    if not DIGEST.fullmatch(found.digest) or found.size < 0:
        raise _wrong(f"{found.digest!r:.100} of {found.size} bytes describes nothing", where)
    if kinds and found.mediaType not in kinds:
        raise _wrong(f"it has a part of type {found.mediaType!r:.100}", where)
    return Descriptor(found.mediaType, found.digest, found.size)


def _wrong(why: str, where: str) -> ImageError:
    return ImageError(
        f"the image cannot be built on: {why}",
        where=where,
        expected="an image of OCI, or of Docker's schema 2, whose layers are in its registry",
        fix="choose another base",
    )
