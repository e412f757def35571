"""The artifact: what a build leaves in the bucket, and whether it can be trusted."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.aws.store import Store
from builder.errors import ArtifactError
from builder.protocol.keys import ARCHIVE, ArtifactKeys, LayerKeys
from builder.spec.runtimes import UNZIPPED_LIMIT

log = logging.getLogger(__name__)

SCHEMA = 1

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of documents beside a manifest."""


@dataclass(frozen=True)
class Package:
    """One installed distribution; ``size`` in bytes, unzipped."""

    name: str
    version: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What the worker says of its artifact (docs/protocol.md); sizes in bytes.

    ``parts`` has, by runtime, the builds of the parts that it was merged of, ``documents`` by name
    the SHA-256 (hex) of what is beside it: locks, bill of materials, provenance.
    """

    fingerprint: str
    code_sha256: str
    unzipped_size: int
    zipped_size: int
    packages: tuple[Package, ...]
    build_id: str
    parts: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Artifact:
    """An artifact that is whole: ``key`` and ``version`` name exactly the bytes of its layer.zip.

    ``document`` is its manifest, as it is in the bucket.
    """

    key: str
    version: str
    manifest: Manifest
    document: bytes = b""

    @property
    def build_id(self) -> str:
        """The build that made it."""
        return self.manifest.build_id


def read_manifest(store: Store, keys: ArtifactKeys, fingerprint: str) -> Manifest | None:
    """Return the manifest of a fingerprint, or None; raise ArtifactError if it is none."""
    key = keys.manifest(fingerprint)
    stored = store.read(key)
    return _parse(stored.content, store.url(key)) if stored else None


def find_artifact(store: Store, keys: ArtifactKeys, fingerprint: str) -> Artifact | None:
    """Return the artifact of a fingerprint if it is whole, or None.

    Raise ArtifactError when what is there contradicts itself.
    """
    key = keys.manifest(fingerprint)
    stored = store.read(key)
    archive = store.head(keys.archive(fingerprint))
    if stored is None or archive is None:
        log.debug("%s: no whole artifact", store.url(key))
        return None
    log.debug("%s: an artifact of %s bytes", store.url(key), archive.size)
    manifest = _parse(stored.content, store.url(key))
    _verify(manifest, fingerprint, archive.size, store.url(key))
    return Artifact(archive.key, archive.version, manifest, stored.content)


def keep(store: Store, artifact: Artifact, keys: LayerKeys) -> None:
    """Copy an artifact that was published to where no build can write, the manifest last.

    What the manifest has no digest of, or another one, is left behind.
    """
    fingerprint, source, target = artifact.manifest.fingerprint, keys.unverified, keys.verified
    if artifact.key != source.archive(fingerprint):
        return
    store.copy(artifact.key, artifact.version, target.archive(fingerprint))
    for name, digest in artifact.manifest.documents.items():
        stored = store.read(source.document(fingerprint, name))
        if stored is None or hashlib.sha256(stored.content).hexdigest() != digest:
            log.warning("%s is not what the manifest says; it is left out", name)
            continue
        kept = target.document(fingerprint, name)
        store.write(kept, stored.content, "application/octet-stream")
    store.write(target.manifest(fingerprint), artifact.document, "application/json")


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
        documents=_digests(document.get("locks", [])) | _digests(document.get("documents", [])),
    )


def _parts(described: object) -> dict[str, str]:
    if not isinstance(described, list):
        raise TypeError("parts is no list")
    return {str(part["target"]): str(part["build_id"]) for part in described}


def _digests(described: object) -> dict[str, str]:
    if not isinstance(described, list):
        raise TypeError("locks or documents is no list")
    return {
        _file_name(entry["file"]): str(entry["sha256"]) for entry in described if "sha256" in entry
    }


def _file_name(name: object) -> str:
    if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a document")
    return name


def _verify(manifest: Manifest, fingerprint: str, archive_size: int, where: str) -> None:
    problem = ""
    if manifest.fingerprint != fingerprint:
        problem = f"it is of fingerprint {manifest.fingerprint}"
    elif manifest.zipped_size != archive_size:
        problem = f"{ARCHIVE} has {archive_size} bytes, the manifest says {manifest.zipped_size}"
    elif manifest.unzipped_size > UNZIPPED_LIMIT:
        problem = f"the layer has {manifest.unzipped_size} bytes unzipped"
    if problem:
        raise ArtifactError(
            f"the artifact is not what it should be: {problem}",
            where=where,
            expected=f"fingerprint {fingerprint}, at most {UNZIPPED_LIMIT} bytes unzipped",
            fix="plan and apply again: it is built anew",
        )
