"""The artifact: what a build leaves in the bucket, and whether it can be trusted."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.aws.store import Store
from builder.errors import ArtifactError
from builder.protocol.keys import archive_key, manifest_key
from builder.spec.runtimes import UNZIPPED_LIMIT

log = logging.getLogger(__name__)

SCHEMA = 1


@dataclass(frozen=True)
class Package:
    """One installed distribution; ``size`` in bytes, unzipped."""

    name: str
    version: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What the worker says of its artifact (docs/protocol.md); sizes in bytes.

    ``parts`` has, by runtime, the builds of the parts that it was merged of.
    """

    fingerprint: str
    code_sha256: str
    unzipped_size: int
    zipped_size: int
    packages: tuple[Package, ...]
    build_id: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Artifact:
    """A verified artifact: ``key`` and ``version`` name exactly the bytes that were verified."""

    key: str
    version: str
    manifest: Manifest

    @property
    def build_id(self) -> str:
        """The build that made it."""
        return self.manifest.build_id


def read_manifest(store: Store, folder: str, fingerprint: str) -> Manifest | None:
    """Return the manifest of a fingerprint, or None; raise ArtifactError if it is none."""
    key = manifest_key(folder, fingerprint)
    stored = store.read(key)
    return _parse(stored.content, store.url(key)) if stored else None


def find_artifact(store: Store, folder: str, fingerprint: str) -> Artifact | None:
    """Return the artifact of a fingerprint if it is whole, or None.

    Raise ArtifactError when what is there contradicts itself.
    """
    key = manifest_key(folder, fingerprint)
    stored = store.read(key)
    archive = store.head(archive_key(folder, fingerprint))
    if stored is None or archive is None:
        log.debug("%s: no whole artifact", store.url(key))
        return None
    log.debug("%s: an artifact of %s bytes", store.url(key), archive.size)
    manifest = _parse(stored.content, store.url(key))
    _verify(manifest, fingerprint, archive.size, store.url(key))
    return Artifact(archive.key, archive.version, manifest)


def _parse(content: bytes, where: str) -> Manifest:
    try:
        document = json.loads(content)
        return _manifest(document)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"the manifest cannot be read: {error!r}",
            where=where,
            expected=f"a manifest of schema {SCHEMA}, as our worker writes it",
            fix="plan and apply again: it is built anew",
        ) from error


def _manifest(document: Mapping[str, object]) -> Manifest:
    packages = document["packages"]
    if document["schema"] != SCHEMA or not isinstance(packages, list):
        raise ValueError(f"schema {document['schema']}")
    return Manifest(
        fingerprint=str(document["fingerprint"]),
        code_sha256=str(document["code_sha256"]),
        unzipped_size=int(str(document["unzipped_size"])),
        zipped_size=int(str(document["zipped_size"])),
        packages=tuple(Package(p["name"], p["version"], int(p["size"])) for p in packages),
        build_id=str(document.get("build_id", "")),
        parts=_parts(document.get("parts", [])),
    )


def _parts(described: object) -> dict[str, str]:
    if not isinstance(described, list):
        raise TypeError("parts is no list")
    return {str(part["target"]): str(part["build_id"]) for part in described}


def _verify(manifest: Manifest, fingerprint: str, archive_size: int, where: str) -> None:
    problem = ""
    if manifest.fingerprint != fingerprint:
        problem = f"it is of fingerprint {manifest.fingerprint}"
    elif manifest.zipped_size != archive_size:
        problem = f"layer.zip has {archive_size} bytes, the manifest says {manifest.zipped_size}"
    elif manifest.unzipped_size > UNZIPPED_LIMIT:
        problem = f"the layer has {manifest.unzipped_size} bytes unzipped"
    if problem:
        raise ArtifactError(
            f"the artifact is not what it should be: {problem}",
            where=where,
            expected=f"fingerprint {fingerprint}, at most {UNZIPPED_LIMIT} bytes unzipped",
            fix="plan and apply again: it is built anew",
        )
