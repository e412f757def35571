"""What is published of a layer: its packages, what changed, and where its documents are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from builder.builds.artifact import Package, parse_manifest, read_manifest
from builder.documents import read_json
from builder.errors import ArtifactError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.releases import current_release, known_release
from builder.operations.diff import PackageChange, compare
from builder.protocol.keys import MANIFEST


@dataclass(frozen=True)
class Published:
    """A release with its packages; ``licences`` and ``documents`` (URLs) are by name.

    ``before`` is the release before it, if there is one whose manifest is still there.
    """

    layer: str
    release: Release
    packages: tuple[Package, ...]
    licences: Mapping[tuple[str, str], str]
    before: Release | None
    changes: tuple[PackageChange, ...]
    documents: Mapping[str, str]


def published(layer: Layer, version: int | None = None) -> Published:
    """Return what is published: the current release, or that of a layer version; read-only.

    Raise LayerError when there is none such, or when its manifest is gone.
    """
    record = layer.records.load_or_new()
    release = current_release(layer, record)
    if version is not None:
        release = known_release(layer, record, version)
    store, keys = layer.services.store, layer.keys.verified
    key = keys.manifest(release.fingerprint)
    stored = store.read(key)
    if stored is None:
        raise ArtifactError(
            f"the manifest of version {release.version} of layer {layer.name!r} is gone",
            where=store.url(key),
            expected="the artifact of the release, which pruning and people may delete",
            fix=f"name another version: lambda-layer status {layer.name} lists them",
        )
    manifest = parse_manifest(stored.content, store.url(key))
    before, changes = _before(layer, record, release, manifest.packages)
    names = [MANIFEST, *sorted(manifest.documents)]
    documents = {name: store.url(keys.document(release.fingerprint, name)) for name in names}
    licences = _licences(read_json(stored.content))
    return Published(layer.name, release, manifest.packages, licences, before, changes, documents)


def _before(
    layer: Layer, record: Record, release: Release, packages: tuple[Package, ...]
) -> tuple[Release | None, tuple[PackageChange, ...]]:
    """Return the release before, and what changed since."""
    # Those of the record, the last first; one that was pruned has no manifest any more.
    order = list(record.releases)
    older = order[order.index(release) + 1 :] if release in order else []
    for other in older:
        found = read_manifest(layer.services.store, layer.keys.verified, other.fingerprint)
        if found is not None:
            return other, compare(found.packages, packages)
    return None, ()


def _licences(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (str(package["name"]), str(package["version"])): str(package.get("license") or "")
        for package in document["packages"]
    }
