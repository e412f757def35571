"""The parts of a layer for several runtimes, as their builds leave them in the bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from builder.aws.store import Store
from builder.errors import ArtifactError
from builder.protocol.keys import parts_folder

SCHEMA = 1


@dataclass(frozen=True)
class Part:
    """What one target's build made: ``key`` and ``version`` name exactly these bytes."""

    runtime: str
    key: str
    version: str
    build_id: str


def find_part(store: Store, folder: str, fingerprint: str, runtime: str) -> Part | None:
    """Return a runtime's part of the artifact of a fingerprint if it is whole, or None.

    Raise ArtifactError when what is there contradicts itself.
    """
    place = f"{parts_folder(folder, fingerprint)}/{runtime}"
    receipt, archive = store.read(f"{place}/part.json"), store.head(f"{place}/part.zip")
    if receipt is None or archive is None:
        return None
    try:
        document = json.loads(receipt.content)
        problem = _problem(document, fingerprint, runtime, archive.size)
        build_id = str(document["build_id"])
    except (ValueError, KeyError, TypeError) as error:
        problem, build_id = f"it cannot be read: {error!r}", ""
    if problem:
        raise ArtifactError(
            f"the part for {runtime} is not what it should be: {problem}",
            where=store.url(f"{place}/part.json"),
            expected=f"a part of fingerprint {fingerprint}, as our worker writes it",
            fix="plan and apply again: it is built anew",
        )
    return Part(runtime, archive.key, archive.version, build_id)


def _problem(document: Mapping[str, object], fingerprint: str, runtime: str, size: int) -> str:
    if document["schema"] != SCHEMA:
        return f"it has schema {document['schema']}"
    if document["fingerprint"] != fingerprint or document["target"] != runtime:
        return f"it is of {document['target']}, fingerprint {document['fingerprint']}"
    if document["size"] != size:
        return f"part.zip has {size} bytes, part.json says {document['size']}"
    return ""
