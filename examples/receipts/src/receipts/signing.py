"""Signatures: a receipt that was changed after it was signed does not verify."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from receipts.model import Receipt


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt with the signature of whoever issued it."""

    receipt: Receipt
    public_key: bytes
    signature: bytes

    def verify(self) -> bool:
        """Return whether the receipt is the one that was signed."""
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        try:
            key.verify(self.signature, _content(self.receipt))
        except InvalidSignature:
            return False
        return True


class Signer:
    """Signs receipts with one key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Signer:
        """Return a signer with a new key."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, receipt: Receipt) -> SignedReceipt:
        """Return the receipt with its signature."""
        public = self._key.public_key().public_bytes_raw()
        return SignedReceipt(receipt, public, self._key.sign(_content(receipt)))


def _content(receipt: Receipt) -> bytes:
    return receipt.model_dump_json().encode("utf-8")
