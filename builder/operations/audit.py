"""Which known vulnerabilities the packages of a published layer have: read-only.

The packages are those of the release's SBOM, whose SHA-256 the manifest has. They are judged by
pip-audit, which asks OSV, or offline by a copy of OSV's database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.builds.artifact import Start
from builder.documents import Malformed, read_json, typed
from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.releases import release_of
from builder.operations.lock import manifest_of
from builder.operations.vulnerabilities import Package, Vulnerability

SBOM = "sbom.cdx.json"
EXCLUDED = "excluded"
"""The scope of what ran in the build and is not in the layer (CycloneDX 1.6, ``scope``)."""

Judge = Callable[[Sequence[Package]], Sequence[Vulnerability]]


@dataclass(frozen=True)
class Audit:
    """What was judged of a release, what was found, and what runs whenever Python starts."""

    release: Release
    packages: int
    found: tuple[Vulnerability, ...]
    at_start: tuple[Start, ...] = ()


def audit(layer: Layer, version: int | None, judge: Judge) -> Audit:
    """Judge the packages of a release; without ``version``, of the current one.

    Raise LayerError when there is no such release or no SBOM of it, ArtifactError when the SBOM is
    not the manifest's, or the manifest not the release's.
    """
    release = release_of(layer, version)
    manifest = manifest_of(layer, release)
    key = layer.keys.verified.document(release.fingerprint, SBOM)
    stored, where = layer.services.store.read(key), layer.services.store.url(key)
    if stored is None:
        raise LayerError(
            f"version {release.version} of layer {layer.name!r} has no SBOM",
            where=where,
            expected="what the release's build has left",
            fix=f"build the layer again: lambda-layer build {layer.name} --force",
        )
    if hashlib.sha256(stored.content).hexdigest() != manifest.documents.get(SBOM):
        raise ArtifactError(
            "the SBOM is not the one that the manifest names",
            where=where,
            expected="the SHA-256 that the manifest has of it",
            fix="find out who changed it: lambda-layer verify says what else is not as it was",
        )
    packages = packages_of(stored.content, where)
    return Audit(release, len(packages), tuple(judge(packages)), manifest.at_start)


def packages_of(content: bytes, where: str) -> list[Package]:
    """Return the packages of a CycloneDX document; raise ArtifactError when it is none."""
    try:
        document = typed(dict[str, Any], read_json(content))
        components = typed(tuple[dict[str, Any], ...], document.get("components", []), "components")
        return [
            Package(
                typed(str, component["name"], "name"),
                typed(str, component["version"], "version"),
                in_layer=component.get("scope") != EXCLUDED,
            )
            for component in components
            if _is_of_the_index(component)
        ]
    except (Malformed, KeyError) as error:
        raise ArtifactError(
            f"the SBOM cannot be read: {error}",
            where=where,
            expected="a CycloneDX document, as the build writes it",
            fix="build the layer again with --force",
        ) from error


def _is_of_the_index(component: Mapping[str, Any]) -> bool:
    return typed(str, component.get("purl", ""), "purl").startswith("pkg:pypi/")
