"""Whether what Lambda has of a release is what its documents say: read-only."""

from __future__ import annotations

import hashlib
from pathlib import Path

from builder.aws.store import StoredObject
from builder.builds import attestation
from builder.builds.artifact import Manifest, parse_manifest
from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.releases import release_of
from builder.operations.proof import PROVEN, UNPROVEN, WRONG, Finding, proof
from builder.operations.signature import Expected, judged, read_public_key
from builder.protocol.keys import ARCHIVE, MANIFEST
from builder.protocol.variables import SEAL_VARIABLE
from builder.room import working_folder

LARGEST = 64 << 20
"""Bytes of a document that is read from a folder, as from the bucket."""

NEVER_PROVEN = (
    Finding(UNPROVEN, "sources", "that the packages are what their indexes have: see the locks"),
)
"""What no comparison of a layer with its own documents can show."""


def verify_release(
    layer: Layer, version: int | None = None, public_key: Path | None = None
) -> tuple[Release, list[Finding]]:
    """Download what Lambda has of a release, and compare it with all that is known of it.

    Without ``version`` it is the current release, without ``public_key`` (a file) KMS is asked for
    that of the application's ``signing_key``. Raise LayerError when there is no such release,
    when Lambda no longer has it, or when it has no manifest.
    """
    release = release_of(layer, version)
    document, manifest = _manifest(layer, release)
    store, keys = layer.services.store, layer.keys.verified
    documents = {}
    for name in manifest.documents:
        stored = store.read(keys.document(release.fingerprint, name))
        if stored is not None:
            documents[name] = stored.content
    with working_folder() as folder:
        archive = folder / ARCHIVE
        published = layer.services.layers.download(release.layer_arn, archive)
        found = proof(archive, manifest, documents)
    same = {published.code_sha256, release.code_sha256} == {manifest.code_sha256}
    same = same and manifest.fingerprint == release.fingerprint
    seen = "hash and fingerprint in Lambda, the record and the manifest"
    found.insert(0, Finding(PROVEN, "record", seen) if same else Finding(WRONG, "record", seen))
    found.append(_kept(store.head(keys.archive(release.fingerprint)), manifest))
    key = read_public_key(public_key) if public_key else None
    if key is None and layer.site.signing_key:
        key = layer.services.keys.public(layer.site.signing_key)
    stored = store.read(keys.document(release.fingerprint, attestation.FILE))
    expected = Expected(manifest, document, layer.name, layer.site.project_arn)
    signed = judged(stored.content if stored else None, expected, key)
    return release, [*found, _vouched(layer, manifest, document), signed, *NEVER_PROVEN]


def verify_folder(folder: Path, public_key: Path | None = None, name: str = "") -> list[Finding]:
    """Compare a layer.zip with the documents beside it, without AWS.

    ``public_key`` is a file with that of the publisher, ``name`` the layer that it has to be. Raise
    ArtifactError when the folder has no archive or no manifest, or the key is none.
    """
    try:
        document = _read(folder / MANIFEST)
        manifest = parse_manifest(document, str(folder / MANIFEST))
        documents = {
            name: _read(folder / name) for name in manifest.documents if (folder / name).is_file()
        }
        found = proof(folder / ARCHIVE, manifest, documents)
        envelope = folder / attestation.FILE
        signed = _read(envelope) if envelope.is_file() else None
    except OSError as error:
        raise ArtifactError(
            f"{Path(error.filename or folder).name} cannot be read: {error.strerror}",
            where=str(folder),
            expected=f"a folder with {ARCHIVE}, {MANIFEST} and the documents that it names",
            fix="copy the artifact's folder from the bucket: aws s3 cp --recursive",
        ) from error
    said = "which build made it, and whether Lambda has it: nothing was asked"
    key = read_public_key(public_key) if public_key else None
    return [
        *found,
        Finding(UNPROVEN, "origin", said),
        judged(signed, Expected(manifest, document, name), key),
        *NEVER_PROVEN,
    ]


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST)


def _manifest(layer: Layer, release: Release) -> tuple[bytes, Manifest]:
    key = layer.keys.verified.manifest(release.fingerprint)
    stored = layer.services.store.read(key)
    if stored is None:
        raise LayerError(
            f"version {release.version} of layer {layer.name!r} has no manifest",
            where=layer.services.store.url(key),
            expected="what the release's build has left",
            fix=f"build the layer again: lambda-layer build {layer.name} --force",
        )
    return stored.content, parse_manifest(stored.content, layer.services.store.url(key))


def _kept(archive: StoredObject | None, manifest: Manifest) -> Finding:
    """Compare the bucket's copy of the archive by S3's own hash of it, without fetching it."""
    if archive is None:
        return Finding(UNPROVEN, "kept copy", "the bucket has none")
    if not archive.sha256:
        return Finding(UNPROVEN, "kept copy", "S3 has computed no SHA-256 of it")
    seen = f"the bucket's {ARCHIVE} by the SHA-256 that S3 computed"
    same = archive.sha256 == manifest.code_sha256
    return Finding(PROVEN if same else WRONG, "kept copy", seen)


def _vouched(layer: Layer, manifest: Manifest, document: bytes) -> Finding:
    """Ask CodeBuild, which keeps what a build exported for a year."""
    build = manifest.build_id
    own = build.startswith(f"{layer.site.project}:")
    state = layer.services.codebuild.state(build) if own else None
    if state is None:
        return Finding(UNPROVEN, "origin", f"CodeBuild does not know build {build or 'none'}")
    sealed = state.exported.get(SEAL_VARIABLE) == hashlib.sha256(document).hexdigest()
    if state.succeeded and sealed:
        return Finding(PROVEN, "origin", f"CodeBuild's build {build} left this manifest")
    return Finding(WRONG, "origin", f"CodeBuild's build {build} did not leave this manifest")
