"""Whether a signature is that of a key, over a statement about these very bytes: without AWS."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.builds.artifact import Manifest
from builder.builds.attestation import Envelope, statement
from builder.documents import read_json
from builder.errors import ArtifactError, LayerError
from builder.operations.proof import PROVEN, UNPROVEN, WRONG, Finding
from builder.origin import extra

SUBJECT = "signature"
LARGEST_KEY = 64 << 10


@dataclass(frozen=True)
class Expected:
    """What is to be signed: a manifest, as it is read and as it is kept.

    ``layer`` and ``builder`` (the ARN of the project) are "" where they are not known.
    """

    manifest: Manifest
    document: bytes
    layer: str = ""
    builder: str = ""


def judged(envelope: bytes | None, expected: Expected, public_key: bytes | None) -> Finding:
    """Judge the envelope beside an artifact.

    ``public_key`` is in DER, None when there is none to compare with. Raise LayerError where the
    library for signatures is not installed.
    """
    if envelope is None and public_key is not None:
        return Finding(WRONG, SUBJECT, "a key was given, and nothing is signed")
    if envelope is None:
        what = "nothing is signed: who may write documents can change them"
        return Finding(UNPROVEN, SUBJECT, what)
    try:
        found = Envelope.from_json(envelope)
        layer, builder = _said(read_json(found.payload))
        wanted = statement(layer, builder, expected.manifest, expected.document)
    except (ValueError, KeyError, TypeError) as error:
        return Finding(WRONG, SUBJECT, f"it is no signed provenance: {error!r:.200}")
    meant = (expected.layer or layer, expected.builder or builder)
    problem = ""
    if found.payload != wanted:
        problem = "it is about other bytes, or another manifest"
    elif (layer, builder) != meant:
        problem = f"it is about layer {layer!r}, built by {builder}"
    elif public_key is not None and not _is_signed(found, public_key):
        problem = "it is not of this key"
    if problem:
        return Finding(WRONG, SUBJECT, problem)
    if public_key is None:
        return Finding(UNPROVEN, SUBJECT, f"signed by {found.key}: give the key with --public-key")
    return Finding(PROVEN, SUBJECT, f"of this key: layer {layer!r}, built by {builder}")


def _said(said: Any) -> tuple[str, str]:
    predicate = said["predicate"]
    layer = predicate["buildDefinition"]["externalParameters"]["layer"]
    builder = predicate["runDetails"]["builder"]["id"]
    if not isinstance(layer, str) or not isinstance(builder, str):
        raise TypeError("layer and builder are no texts")
    return layer, builder


def read_public_key(file: Path) -> bytes:
    """Return the public key in a file, in DER; raise ArtifactError for anything else."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_KEY)
    except OSError as error:
        raise _no_key(file, str(error.strerror)) from error
    if b"-----BEGIN" in content:
        body = content.partition(b"-----BEGIN PUBLIC KEY-----")[2]
        body, ended, _ = body.partition(b"-----END PUBLIC KEY-----")
        try:
            content = base64.b64decode(b"".join(body.split()), validate=True) if ended else b""
        except binascii.Error as error:
            raise _no_key(file, "it is not PEM") from error
    try:
        _loaded(content)
    except ValueError as error:
        raise _no_key(file, str(error)) from error
    return content


def _no_key(file: Path, problem: str) -> LayerError:
    return ArtifactError(
        f"the public key cannot be used: {problem}",
        where=str(file),
        expected="the public half of a key ECC_NIST_P256, in PEM or DER",
        fix="aws kms get-public-key --key-id KEY --query PublicKey --output text | base64 -d > "
        "key.der",
    )


def _is_signed(envelope: Envelope, public_key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    key = _loaded(public_key)
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        key.verify(envelope.signature, envelope.signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _loaded(public_key: bytes) -> Any:
    """Return a key of the curve P-256; raise ValueError for another, or none."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_der_public_key
    except ImportError as error:
        raise LayerError(
            "signatures need cryptography, which is not installed",
            where="lambda-layer verify --public-key",
            expected="the extra that brings it",
            fix=f"pip install {extra('verify')}, or compare it with openssl (docs/security.md)",
        ) from error
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("it is no public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ValueError("it is a key of another kind")
    return key
