"""Sign what was published, outside of the build, with a key that no build may use."""

from __future__ import annotations

import hashlib

from builder.builds.artifact import Artifact
from builder.builds.attestation import FILE, Envelope, statement
from builder.layer.layer import Layer
from builder.progress import Progress


def attest(layer: Layer, artifact: Artifact, progress: Progress) -> None:
    """Leave a signed statement beside an artifact that was verified and kept.

    Without a signing key nothing is done. It is safe to do it again. Raise AwsError when KMS does
    not sign.
    """
    key = layer.site.signing_key
    if not key:
        return
    manifest = artifact.manifest
    said = statement(layer.name, layer.site.project_arn, manifest, artifact.document)
    unsigned = Envelope(said, key, b"")
    signature = layer.services.keys.sign(key, hashlib.sha256(unsigned.signed).digest())
    signed = Envelope(said, key, signature)
    place = layer.keys.verified.document(manifest.fingerprint, FILE)
    layer.services.store.write(place, signed.to_json(), "application/json")
    progress(f"signed by {key}")
