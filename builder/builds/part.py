"""The parts of a layer for several runtimes, as their builds leave them in the bucket."""

from __future__ import annotations

from dataclasses import dataclass

from builder.aws.store import Store
from builder.documents import Malformed, read_json, typed
from builder.errors import ArtifactError
from builder.protocol.keys import LayerKeys

SCHEMA = 1


@dataclass(frozen=True)
class Receipt:
    """What part.json says (docs/protocol.md); ``size`` is that of part.zip in bytes."""

    schema: int
    fingerprint: str
    target: str
    size: int
    manifest_sha256: str
    build_id: str
    sha256: str = ""

    @property
    def origin(self) -> tuple[str, str]:
        """The build that left it, and the SHA-256 of the manifest in it."""
        return self.build_id, self.manifest_sha256


@dataclass(frozen=True)
class Part:
    """What one target's build made: ``key`` and ``version`` name exactly these bytes.

    ``manifest_sha256`` (hex) is that of the manifest in it, which has the digests of the rest.
    """

    runtime: str
    key: str
    version: str
    build_id: str
    manifest_sha256: str
    document: bytes = b""


def find_part(store: Store, keys: LayerKeys, fingerprint: str, runtime: str) -> Part | None:
    """Return a runtime's part of the artifact of a fingerprint if it is whole, or None.

    Raise ArtifactError when what is there contradicts itself.
    """
    receipt_key = keys.part_receipt(fingerprint, runtime)
    receipt, archive = store.read(receipt_key), store.head(keys.part_archive(fingerprint, runtime))
    if receipt is None or archive is None:
        return None
    try:
        found = typed(Receipt, read_json(receipt.content))
        problem = _problem(found, fingerprint, runtime, archive.size)
    except Malformed as error:
        found, problem = None, f"it cannot be read: {error}"
    if problem or found is None:
        raise ArtifactError(
            f"the part for {runtime} is not what it should be: {problem}",
            where=store.url(receipt_key),
            expected=f"a part of fingerprint {fingerprint}, as our worker writes it",
            fix="plan and apply again: it is built anew",
        )
    return Part(runtime, archive.key, archive.version, *found.origin, receipt.content)


def _problem(receipt: Receipt, fingerprint: str, runtime: str, size: int) -> str:
    if receipt.schema != SCHEMA:
        return f"it has schema {receipt.schema}"
    if receipt.fingerprint != fingerprint or receipt.target != runtime:
        return f"it is of {receipt.target}, fingerprint {receipt.fingerprint}"
    if receipt.size != size:
        return f"part.zip has {size} bytes, part.json says {receipt.size}"
    return ""
