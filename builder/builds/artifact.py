"""The artifact: what a build leaves in the bucket, and whether it can be trusted."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from builder.aws.store import Store, StoredObject
from builder.documents import Malformed, read_json, typed
from builder.errors import ArtifactError
from builder.protocol.keys import ARCHIVE, ArtifactKeys, LayerKeys
from builder.spec.runtimes import UNZIPPED_LIMIT

log = logging.getLogger(__name__)

T = TypeVar("T")
Table = Mapping[str, object]

SCHEMA = 1

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of documents beside a manifest."""

DOCUMENTS_AT_ONCE = 4


@dataclass(frozen=True)
class Package:
    """One installed distribution; ``size`` in bytes, unzipped."""

    name: str
    version: str
    size: int


@dataclass(frozen=True)
class Start:
    """A file that runs whenever Python starts, whatever a function imports.

    ``package`` is "" where it is of none, ``line`` the first line of a .pth file that runs, ""
    for a module; ``more`` says that it is not all.
    """

    file: str
    package: str
    line: str
    more: bool


@dataclass(frozen=True)
class Manifest:
    """What the worker says of its artifact (docs/protocol.md); sizes in bytes.

    ``parts`` has, by runtime, the builds of the parts that it was merged of, ``documents`` by name
    the SHA-256 (hex) of what is beside it: locks, bill of materials, provenance. ``wheels_alone``
    says that nothing was built from source, False where that is not known.
    """

    fingerprint: str
    code_sha256: str
    unzipped_size: int
    zipped_size: int
    packages: tuple[Package, ...]
    build_id: str
    parts: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    at_start: tuple[Start, ...] = ()
    wheels_alone: bool = False


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
    return parse_manifest(stored.content, store.url(key)) if stored else None


def find_artifact(
    store: Store, keys: ArtifactKeys, fingerprint: str, limit: int = UNZIPPED_LIMIT
) -> Artifact | None:
    """Return the artifact of a fingerprint if it is whole, or None.

    It may have ``limit`` bytes, unzipped. Raise ArtifactError when it contradicts itself.
    """
    key = keys.manifest(fingerprint)
    stored = store.read(key)
    archive = store.head(keys.archive(fingerprint))
    if stored is None or archive is None:
        log.debug("%s: no whole artifact", store.url(key))
        return None
    log.debug("%s: an artifact of %s bytes", store.url(key), archive.size)
    manifest = parse_manifest(stored.content, store.url(key))
    _verify(manifest, fingerprint, archive, store.url(key), limit)
    return Artifact(archive.key, archive.version, manifest, stored.content)


def keep(store: Store, artifact: Artifact, keys: LayerKeys) -> None:
    """Copy an artifact that was published to where no build can write, the manifest last.

    What the manifest has no digest of, or another one, is left behind. The archive is not fetched:
    S3 copies it, and says what SHA-256 the copy has. Raise ArtifactError if that is another.
    """
    fingerprint, source, target = artifact.manifest.fingerprint, keys.unverified, keys.verified
    if artifact.key != source.archive(fingerprint):
        return

    def keep_document(name: str) -> None:
        try:
            stored = store.read(source.document(fingerprint, name))
        except ArtifactError:  # too large to be one
            stored = None
        digest = artifact.manifest.documents[name]
        if stored is None or hashlib.sha256(stored.content).hexdigest() != digest:
            log.warning("%s is not what the manifest says; it is left out", name)
            return
        kept = target.document(fingerprint, name)
        store.write(kept, stored.content, "application/octet-stream")

    with ThreadPoolExecutor(DOCUMENTS_AT_ONCE) as pool:
        documents = [pool.submit(keep_document, name) for name in artifact.manifest.documents]
        digest = store.copy(artifact.key, artifact.version, target.archive(fingerprint))
        for each in documents:
            each.result()
    log.debug("%s: S3 has computed SHA-256 %s", artifact.key, digest or "none")
    problem = _other_bytes(artifact.manifest, digest)
    if not digest and store.head(target.archive(fingerprint)) is None:
        problem = f"{ARCHIVE} was copied, and is not there"
    if problem:
        raise _contradiction(problem, fingerprint, store.url(target.archive(fingerprint)))
    store.write(target.manifest(fingerprint), artifact.document, "application/json")


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Return what a manifest says; raise ArtifactError when it is none."""
    try:
        return _manifest(typed(dict[str, object], read_json(content)))
    except Malformed as error:
        raise ArtifactError(
            f"the manifest cannot be read: {error}",
            where=where,
            expected=f"a manifest of schema {SCHEMA}, as our worker writes it",
            fix="plan and apply again: it is built anew",
        ) from error


def _manifest(document: Mapping[str, object]) -> Manifest:
    """Read what the publisher needs; a manifest has more (docs/protocol.md)."""

    def of(kind: type[T], key: str, default: object = None) -> T:
        return typed(kind, document.get(key, default), key)

    if of(int, "schema") != SCHEMA:
        raise Malformed(f"schema {document['schema']} is unknown")
    listed = [*of(tuple[Table, ...], "locks", []), *of(tuple[Table, ...], "documents", [])]
    return Manifest(
        fingerprint=of(str, "fingerprint"),
        code_sha256=of(str, "code_sha256"),
        unzipped_size=_size(of(int, "unzipped_size")),
        zipped_size=_size(of(int, "zipped_size")),
        packages=tuple(map(_package, of(tuple[Table, ...], "packages"))),
        build_id=of(str, "build_id", ""),
        parts=dict(map(_part, of(tuple[Table, ...], "parts", []))),
        documents=dict(_digest(entry) for entry in listed if "sha256" in entry),
        at_start=tuple(map(_start, of(tuple[Table, ...], "at_start", []))),
        # What is built from source needs a backend, and that is listed here.
        wheels_alone=document.get("build_requirements") == [],
    )


def _package(entry: Table) -> Package:
    name, version = (typed(str, entry.get(key), f"packages.{key}") for key in ("name", "version"))
    return Package(name, version, _size(typed(int, entry.get("size"), f"size of {name}")))


def _start(entry: Table) -> Start:
    file, package, line = (
        typed(str, entry.get(key), f"at_start.{key}") for key in ("file", "package", "line")
    )
    return Start(file, package, line, typed(bool, entry.get("more"), "at_start.more"))


def _part(entry: Table) -> tuple[str, str]:
    target, build = (typed(str, entry.get(key), f"parts.{key}") for key in ("target", "build_id"))
    return target, build


def _digest(entry: Table) -> tuple[str, str]:
    name = typed(str, entry.get("file"), "file of a document")
    digest = typed(str, entry["sha256"], f"sha256 of {name:.100}")
    if not FILE_NAME.fullmatch(name):
        raise Malformed(f"{name!r:.100} is no name of a document")
    return name, digest


def _size(value: int) -> int:
    if value < 0:
        raise Malformed(f"{value} is no size")
    return value


def _verify(
    manifest: Manifest, fingerprint: str, archive: StoredObject, where: str, limit: int
) -> None:
    problem = ""
    if manifest.fingerprint != fingerprint:
        problem = f"it is of fingerprint {manifest.fingerprint}"
    elif manifest.zipped_size != archive.size:
        problem = f"{ARCHIVE} has {archive.size} bytes, the manifest says {manifest.zipped_size}"
    elif manifest.unzipped_size > limit:
        problem = f"the layer has {manifest.unzipped_size} bytes unzipped"
    else:
        problem = _other_bytes(manifest, archive.sha256)
    if problem:
        raise _contradiction(problem, fingerprint, where, limit)


def _other_bytes(manifest: Manifest, sha256: str) -> str:
    """Say that S3 has computed another hash of the archive, "" if it is the manifest's or none."""
    if sha256 in ("", manifest.code_sha256):
        return ""
    return f"{ARCHIVE} has SHA-256 {sha256}, the manifest says {manifest.code_sha256}"


def _contradiction(
    problem: str, fingerprint: str, where: str, limit: int = UNZIPPED_LIMIT
) -> ArtifactError:
    return ArtifactError(
        f"the artifact is not what it should be: {problem}",
        where=where,
        expected=f"fingerprint {fingerprint}, at most {limit} bytes unzipped",
        fix="plan and apply again: it is built anew",
    )
