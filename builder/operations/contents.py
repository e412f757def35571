"""What a release has in it: its packages, and the documents that its build left."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from builder.aws.store import LARGEST
from builder.builds import attestation
from builder.builds.artifact import Manifest, Package
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.releases import release_of
from builder.operations.lock import another, gone, manifest_of, release_lock
from builder.protocol.keys import ARCHIVE, MANIFEST
from builder.spec.runtimes import IMAGE_LIMIT, UNZIPPED_LIMIT

DOCUMENTS = {
    "zip": ARCHIVE,
    "sbom": "sbom.cdx.json",
    "provenance": "provenance.json",
    "manifest": MANIFEST,
    "signature": attestation.FILE,
    "lock": "",
}
"""What can be had of a release, and its name beside the artifact; locks are one a runtime."""

ALL = "all"
"""All of them, as `lambda-layer verify --folder` reads them."""


@dataclass(frozen=True)
class Contents:
    """A release and what is in it; the largest package first."""

    release: Release
    manifest: Manifest
    packages: tuple[Package, ...]

    @property
    def share(self) -> float:
        """The part of Lambda's limit for functions with layers, or for images; 1.0 for all."""
        limit = IMAGE_LIMIT if self.release.image_uri else UNZIPPED_LIMIT
        return self.manifest.unzipped_size / limit


def contents_of(layer: Layer, version: int | None = None) -> Contents:
    """Return what is in a version, or in the current release.

    Raise LayerError when there is no such release, or its manifest is gone.
    """
    release = release_of(layer, version)
    manifest = manifest_of(layer, release)
    packages = sorted(manifest.packages, key=lambda package: (-package.size, package.name))
    return Contents(release, manifest, tuple(packages))


def document_of(
    layer: Layer, what: str, *, version: int | None = None, python: str | None = None
) -> tuple[Release, bytes]:
    """Return a release and one of its DOCUMENTS, checked against what was recorded of it.

    Raise LayerError when it is not there, or is not what was released.
    """
    release = release_of(layer, version)
    if what == "lock":
        return release, release_lock(layer, version=release.version, python=python)
    name = DOCUMENTS[what]
    content = _read(layer, release, name)
    if content is None:
        raise LayerError(
            f"version {release.version} of layer {layer.name!r} is not signed",
            where=_place(layer, release, name),
            expected="the signature of who published it, by the key [app] signing_key",
            fix=f"name a key, apply, then run: lambda-layer build {layer.name} --force",
        )
    return release, content


def everything_of(layer: Layer, version: int | None = None) -> tuple[Release, dict[str, bytes]]:
    """Return a release and all that is kept of it by its name, as `verify --folder` reads it.

    There is a signature only if it was signed. Raise LayerError as :func:`document_of` does.
    """
    release = release_of(layer, version)
    names = (ARCHIVE, MANIFEST, *sorted(manifest_of(layer, release).documents), attestation.FILE)
    found = {name: _read(layer, release, name) for name in names}
    return release, {name: content for name, content in found.items() if content is not None}


def _read(layer: Layer, release: Release, name: str) -> bytes | None:
    """Return a document that is as it was released; None for a signature that is not there."""
    key = layer.keys.verified.document(release.fingerprint, name)
    stored = layer.services.store.read(key, layer.spec.limit if name == ARCHIVE else LARGEST)
    if stored is not None:
        _check(layer, release, name, stored.content)
        return stored.content
    if name == attestation.FILE:
        return None
    raise gone(layer, release, name, _place(layer, release, name))


def _check(layer: Layer, release: Release, name: str, content: bytes) -> None:
    digest = hashlib.sha256(content)
    if name == attestation.FILE:
        return  # it vouches for the others: `lambda-layer verify` judges it, with the key
    if name == ARCHIVE:
        is_right = base64.b64encode(digest.digest()).decode() == release.code_sha256
    else:
        manifest = manifest_of(layer, release)
        is_right = name == MANIFEST or digest.hexdigest() == manifest.documents.get(name)
    if not is_right:
        raise another(layer, release, name, _place(layer, release, name))


def _place(layer: Layer, release: Release, name: str) -> str:
    return layer.services.store.url(layer.keys.verified.document(release.fingerprint, name))
