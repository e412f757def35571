"""The lock that is stored with a release: which versions a layer was built of."""

from __future__ import annotations

import hashlib
import re

from builder.builds.artifact import Manifest, read_manifest
from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.releases import release_of
from builder.protocol.keys import MANIFEST

LOCK = re.compile(r"lock-\d{1,3}\.\d{1,3}\.txt")
"""Names of the locks beside an artifact."""


def release_lock(layer: Layer, *, version: int | None = None, python: str | None = None) -> bytes:
    """Return the lock of a release for one Python version; read-only.

    Without ``version``, the layer version in Lambda, it is the current release; ``python`` may be
    left out when the release is for one Python version. Raise LayerError when there is none such,
    ArtifactError when it is not the one that the release's manifest names.
    """
    release = release_of(layer, version)
    locks = _locks(layer, release)
    name = f"lock-{python}.txt" if python else next(iter(locks))
    if name not in locks or (python is None and len(locks) > 1):
        versions = ", ".join(lock.removeprefix("lock-").removesuffix(".txt") for lock in locks)
        raise LayerError(
            f"version {release.version} of layer {layer.name!r} has no lock for python{python}"
            if python
            else f"version {release.version} of layer {layer.name!r} has several locks",
            where=_folder(layer, release),
            expected=f"one of the Python versions {versions}",
            fix=f"name one, for example --python {versions.split(', ')[-1]}",
        )
    stored = layer.services.store.read(layer.keys.verified.document(release.fingerprint, name))
    if stored is None:
        raise gone(layer, release, name, _folder(layer, release))
    if hashlib.sha256(stored.content).hexdigest() != locks[name]:
        raise another(layer, release, name, f"{_folder(layer, release)}{name}")
    return stored.content


def _locks(layer: Layer, release: Release) -> dict[str, str]:
    """Return the SHA-256 of the locks beside a release's artifact, lowest Python version first."""
    manifest = manifest_of(layer, release)
    names = [name for name in manifest.documents if LOCK.fullmatch(name)]
    if not names:
        raise gone(layer, release, "list of locks in the manifest", _folder(layer, release))
    names.sort(key=lambda name: [int(part) for part in name[5:-4].split(".")])
    return {name: manifest.documents[name] for name in names}


def manifest_of(layer: Layer, release: Release) -> Manifest:
    """Return the manifest of a release; raise ArtifactError when it is gone, or is another's."""
    manifest = read_manifest(layer.services.store, layer.keys.verified, release.fingerprint)
    if manifest is None:
        raise gone(layer, release, MANIFEST, _folder(layer, release))
    if manifest.code_sha256 != release.code_sha256:
        raise another(layer, release, MANIFEST, f"{_folder(layer, release)}{MANIFEST}")
    return manifest


def _folder(layer: Layer, release: Release) -> str:
    return layer.services.store.url(f"{layer.keys.verified.artifact(release.fingerprint)}/")


def gone(layer: Layer, release: Release, what: str, where: str) -> ArtifactError:
    """Return the error that a release has no such document where its build has left them."""
    return ArtifactError(
        f"version {release.version} of layer {layer.name!r} has no {what}",
        where=where,
        expected="what the release's build has uploaded",
        fix=f"build the layer again: lambda-layer build {layer.name} --force",
    )


def another(layer: Layer, release: Release, name: str, where: str) -> ArtifactError:
    """Return the error that a document is not the one that was released."""
    return ArtifactError(
        f"{name} is not that of version {release.version} of layer {layer.name!r}",
        where=where,
        expected="the content whose SHA-256 was recorded when it was released",
        fix=f"find out who changed it; lambda-layer build {layer.name} --force makes a new one",
    )
