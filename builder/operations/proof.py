"""Whether the documents beside a layer.zip are about these bytes: checked without any service."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from builder.builds.artifact import Manifest
from builder.documents import Malformed, read_json, typed
from builder.spec.runtimes import UNZIPPED_LIMIT
from builder.text import some
from builder.worker.zips import BROKEN

PROVEN, UNPROVEN, WRONG = "proven", "not proven", "wrong"

BILL, STATEMENT = "sbom.cdx.json", "provenance.json"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:==([^\s;\\]+)| @ )", re.MULTILINE)
BLOCK = 1 << 20

Names = set[tuple[str, str]]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: PROVEN, UNPROVEN or WRONG, and what was seen."""

    verdict: str
    subject: str
    seen: str


def proof(archive: Path, manifest: Manifest, documents: Mapping[str, bytes]) -> list[Finding]:
    """Compare a layer.zip with its manifest, and with those documents of it that are there."""
    found = [*_bytes(archive, manifest), *_documents(manifest, documents)]
    try:
        with zipfile.ZipFile(archive) as opened:
            found += _contents(opened, manifest)
    except BROKEN as error:
        found.append(Finding(WRONG, "layer.zip", f"it cannot be read: {error}"))
    # What is not the manifest's own says nothing.
    sound = {
        name: content
        for name, content in documents.items()
        if hashlib.sha256(content).hexdigest() == manifest.documents.get(name)
    }
    found += _bill(sound.get(BILL), manifest)
    found += _statement(sound.get(STATEMENT), manifest)
    found += _locks({n: c for n, c in sound.items() if n.startswith("lock-")}, manifest)
    return found


def digest_of(archive: Path) -> bytes:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            digest.update(block)
    return digest.digest()


def _bytes(archive: Path, manifest: Manifest) -> Iterator[Finding]:
    said = base64.b64encode(digest_of(archive)).decode("ascii")
    same = said == manifest.code_sha256 and archive.stat().st_size == manifest.zipped_size
    yield _judged(same, "manifest", f"SHA-256 and size of layer.zip ({said})")


def _documents(manifest: Manifest, documents: Mapping[str, bytes]) -> Iterator[Finding]:
    for name, digest in sorted(manifest.documents.items()):
        content = documents.get(name)
        if content is None:
            yield Finding(UNPROVEN, name, "the manifest names it, and it is not there")
        else:
            same = hashlib.sha256(content).hexdigest() == digest
            yield _judged(same, name, "the SHA-256 that the manifest has of it")


def _contents(archive: zipfile.ZipFile, manifest: Manifest) -> Iterator[Finding]:
    members = archive.infolist()
    odd = [
        m.filename for m in members if m.filename.startswith("/") or ".." in m.filename.split("/")
    ]
    if odd:
        yield Finding(WRONG, "layer.zip", f"it has paths that leave it: {some(odd)}")
    size = sum(member.file_size for member in members)
    if size > UNZIPPED_LIMIT:
        yield Finding(WRONG, "layer.zip", f"it has {size:,} bytes unzipped")
        return
    yield _judged(size == manifest.unzipped_size, "sizes", f"{size:,} bytes unzipped")
    yield _same("packages", _installed(archive), _named(manifest), "metadata in layer.zip")
    yield from _recorded(archive)


def _installed(archive: zipfile.ZipFile) -> Names:
    found: Names = set()
    for name in archive.namelist():
        if name.endswith(".dist-info/METADATA"):
            metadata = email.message_from_bytes(archive.read(name))
            found.add((canonicalize_name(str(metadata["Name"])), str(metadata["Version"])))
    return found


def _recorded(archive: zipfile.ZipFile) -> Iterator[Finding]:
    """Compare the files with the hashes that the RECORDs in the layer have of them."""
    there, known, wrong = set(archive.namelist()), set(), set()

    @cache  # a RECORD may list a large file a million times
    def digest_in(file: str) -> str:
        digest = hashlib.sha256(archive.read(file)).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    for name in sorted(there):
        if not name.endswith(".dist-info/RECORD"):
            continue
        root = name.rsplit("/", 2)[0] if name.count("/") > 1 else ""
        known.add(name)
        for path, digest in _rows(archive.read(name)):
            file = f"{root}/{path}" if root else path
            if file not in there or not digest.startswith("sha256="):
                continue
            known.add(file)
            if digest_in(file) != digest[7:]:
                wrong.add(file)
    if wrong:
        yield Finding(WRONG, "files", f"other bytes than RECORD says: {some(sorted(wrong))}")
    else:
        yield Finding(PROVEN, "files", f"{len(known)} files as RECORD says")
    rest = sorted(there - known)
    if rest:
        yield Finding(UNPROVEN, "files", f"{len(rest)} files that no RECORD has: {some(rest)}")


def _rows(record: bytes) -> Iterator[tuple[str, str]]:
    try:
        for row in csv.reader(io.StringIO(record.decode("utf-8", "replace"))):
            if len(row) > 1:
                yield row[0], row[1]
    except csv.Error:
        return


def _bill(content: bytes | None, manifest: Manifest) -> Iterator[Finding]:
    if content is None:
        yield Finding(UNPROVEN, BILL, "there is none that the manifest knows")
        return
    try:
        document = typed(dict[str, Any], read_json(content))
        listed = typed(tuple[Mapping[str, Any], ...], document.get("components", []), "components")
        named: Names = {
            (canonicalize_name(str(each.get("name"))), str(each.get("version")))
            for each in listed
            if each.get("scope") != "excluded"
        }
    except Malformed as error:
        yield Finding(WRONG, BILL, str(error))
        return
    yield _same(BILL, named, _named(manifest), "its components")


def _statement(content: bytes | None, manifest: Manifest) -> Iterator[Finding]:
    if content is None:
        yield Finding(UNPROVEN, STATEMENT, "there is none that the manifest knows")
        return
    try:
        wanted = base64.b64decode(manifest.code_sha256, validate=True).hex()
    except ValueError:
        yield Finding(WRONG, "manifest", "its code_sha256 is not base64")
        return
    try:
        document = read_json(content)
        subjects = [each["digest"]["sha256"] for each in document["subject"]]
        run = document["predicate"]["runDetails"]["metadata"]["invocationId"]
        given = document["predicate"]["buildDefinition"]["externalParameters"]["fingerprint"]
    except (Malformed, KeyError, TypeError) as error:
        yield Finding(WRONG, STATEMENT, f"it is no provenance: {error!r:.200}")
        return
    same = (subjects, run, given) == ([wanted], manifest.build_id, manifest.fingerprint)
    yield _judged(same, STATEMENT, f"its subject, build {manifest.build_id} and fingerprint")


def _locks(locks: Mapping[str, bytes], manifest: Manifest) -> Iterator[Finding]:
    pinned = {
        (canonicalize_name(name), version)
        for content in locks.values()
        for name, version in PIN.findall(content.decode("utf-8", "replace"))
    }
    names = {name for name, _ in pinned}
    other = sorted(
        f"{name} {version}"
        for name, version in _named(manifest)
        if name in names and not {(name, version), (name, "")} & pinned
    )
    if other:
        yield Finding(WRONG, "locks", f"versions that no lock has: {some(other)}")
    elif locks:
        yield Finding(PROVEN, "locks", f"{len(names)} packages have the versions of the locks")
    own = sorted(name for name, _ in _named(manifest) if name not in names)
    if own:
        yield Finding(UNPROVEN, "locks", f"no lock has {some(own)}: your own, or the system's")


def _named(manifest: Manifest) -> Names:
    return {(canonicalize_name(each.name), each.version) for each in manifest.packages}


def _same(subject: str, found: Names, wanted: Names, what: str) -> Finding:
    if found == wanted:
        return Finding(PROVEN, subject, f"{what}: the {len(wanted)} packages of the manifest")
    more, less = (_words(each) for each in (found - wanted, wanted - found))
    differ = [
        f"only there: {more}" if more else "",
        f"only in the manifest: {less}" if less else "",
    ]
    return Finding(WRONG, subject, f"{what}: {'; '.join(filter(None, differ))}")


def _words(packages: Iterable[tuple[str, str]]) -> str:
    return some([" ".join(each) for each in sorted(packages)]) if packages else ""


def _judged(same: bool, subject: str, what: str) -> Finding:
    return Finding(PROVEN, subject, what) if same else Finding(WRONG, subject, f"it is not {what}")
