"""KMS: signatures by a key that nobody can take away, and the public half of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from builder.aws.session import Session, explained

ALGORITHM = "ECDSA_SHA_256"
"""Of keys ECC_NIST_P256; signatures are in DER (AWS KMS API reference, "Sign")."""


class Keys:
    """The keys of an account and region; the client is made when it is needed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _kms(self) -> Any:
        return self._session.client("kms")

    def sign(self, key: str, digest: bytes) -> bytes:
        """Return the signature, in DER, of what has this SHA-256; ``key`` is an ARN."""
        with explained("kms:Sign", key):
            answer = self._kms.sign(
                KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=ALGORITHM
            )
        return bytes(answer["Signature"])

    def public(self, key: str) -> bytes:
        """Return the public key as a SubjectPublicKeyInfo in DER."""
        with explained("kms:GetPublicKey", key):
            return bytes(self._kms.get_public_key(KeyId=key)["PublicKey"])
