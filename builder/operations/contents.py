"""What a release has in it: its packages, and the documents that its build left."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from builder.builds.artifact import Manifest, Package, read_manifest
from builder.errors import ArtifactError
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.releases import release_of
from builder.operations.lock import gone, release_lock
from builder.protocol.keys import ARCHIVE, MANIFEST
from builder.spec.runtimes import UNZIPPED_LIMIT

DOCUMENTS = {
    "zip": ARCHIVE,
    "sbom": "sbom.cdx.json",
    "provenance": "provenance.json",
    "manifest": MANIFEST,
    "lock": "",
}
"""What can be had of a release, and its name beside the artifact; locks are one a runtime."""


@dataclass(frozen=True)
class Contents:
    """A release and what is in it; the largest package first."""

    release: Release
    manifest: Manifest
    packages: tuple[Package, ...]

    @property
    def share(self) -> float:
        """The part of Lambda's limit for a function and all its layers, 1.0 for all of it."""
        return self.manifest.unzipped_size / UNZIPPED_LIMIT


def contents_of(layer: Layer, version: int | None = None) -> Contents:
    """Return what is in a version, or in the current release.

    Raise LayerError when there is no such release, or its manifest is gone.
    """
    release = release_of(layer, version)
    manifest = _manifest(layer, release)
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
    stored = layer.services.store.read(layer.keys.verified.document(release.fingerprint, name))
    if stored is None:
        raise gone(layer, release, name, _place(layer, release, name))
    _check(layer, release, name, stored.content)
    return release, stored.content


def _check(layer: Layer, release: Release, name: str, content: bytes) -> None:
    digest = hashlib.sha256(content)
    if name == ARCHIVE:
        is_right = base64.b64encode(digest.digest()).decode() == release.code_sha256
    elif name == MANIFEST:
        is_right = _manifest(layer, release).code_sha256 == release.code_sha256
    else:
        is_right = digest.hexdigest() == _manifest(layer, release).documents.get(name)
    if not is_right:
        raise ArtifactError(
            f"{name} is not that of version {release.version} of layer {layer.name!r}",
            where=_place(layer, release, name),
            expected="the content whose SHA-256 was recorded when it was released",
            fix=f"find out who changed it; lambda-layer build {layer.name} --force makes a new one",
        )


def _manifest(layer: Layer, release: Release) -> Manifest:
    found = read_manifest(layer.services.store, layer.keys.verified, release.fingerprint)
    if found is None:
        raise gone(layer, release, MANIFEST, _place(layer, release, MANIFEST))
    return found


def _place(layer: Layer, release: Release, name: str) -> str:
    return layer.services.store.url(layer.keys.verified.document(release.fingerprint, name))
