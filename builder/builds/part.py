"""The parts of a layer for several runtimes, as their builds leave them in the bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from builder.aws.store import Store
from builder.errors import ArtifactError
from builder.protocol.keys import LayerKeys

SCHEMA = 1


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
        document = json.loads(receipt.content)
        problem = _problem(document, fingerprint, runtime, archive.size)
        build_id, inner = str(document["build_id"]), str(document["manifest_sha256"])
    except (ValueError, KeyError, TypeError) as error:
        problem, build_id, inner = f"it cannot be read: {error!r}", "", ""
    if problem:
        raise ArtifactError(
            f"the part for {runtime} is not what it should be: {problem}",
            where=store.url(receipt_key),
            expected=f"a part of fingerprint {fingerprint}, as our worker writes it",
            fix="plan and apply again: it is built anew",
        )
    return Part(runtime, archive.key, archive.version, build_id, inner, receipt.content)


def _problem(document: Mapping[str, object], fingerprint: str, runtime: str, size: int) -> str:
    if document["schema"] != SCHEMA:
        return f"it has schema {document['schema']}"
    if document["fingerprint"] != fingerprint or document["target"] != runtime:
        return f"it is of {document['target']}, fingerprint {document['fingerprint']}"
    if document["size"] != size:
        return f"part.zip has {size} bytes, part.json says {document['size']}"
    return ""
