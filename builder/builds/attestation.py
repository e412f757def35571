"""What the publisher says, signed, of an artifact: pure functions of values.

It is an in-toto Statement v1 with SLSA's provenance v1 (slsa.dev/spec/v1.0/provenance) in a DSSE
envelope (github.com/secure-systems-lab/dsse, protocol.md and envelope.md). All that it says was
asked of CodeBuild and Lambda by who publishes; what the build says of itself is among the
byproducts, by digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from builder.builds.artifact import Manifest
from builder.documents import Malformed, read_json, typed
from builder.protocol.keys import ARCHIVE, MANIFEST

FILE = "provenance.dsse.json"
"""The envelope's name beside the artifact."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUILD_TYPE = "https://github.com/fast-lambda-layer/fast-lambda-layer/release/v1"


@dataclass(frozen=True)
class Envelope:
    """A payload with its signature: the name of the key, and DER."""

    payload: bytes
    key: str
    signature: bytes

    def to_json(self) -> bytes:
        """Return the envelope as others read it."""
        document = {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(self.payload).decode("ascii"),
            "signatures": [
                {"keyid": self.key, "sig": base64.b64encode(self.signature).decode("ascii")}
            ],
        }
        return json.dumps(document, indent=2).encode("ascii") + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Envelope:
        """Read an envelope with one signature; raise Malformed for anything else."""
        document = typed(dict[str, Any], read_json(content))
        if document.get("payloadType") != PAYLOAD_TYPE:
            raise Malformed(f"payloadType is not {PAYLOAD_TYPE}")
        signatures = typed(tuple[Mapping[str, Any], ...], document.get("signatures"), "signatures")
        if len(signatures) != 1:
            raise Malformed(f"it has {len(signatures)} signatures, not one")
        key = typed(str, signatures[0].get("keyid"), "keyid")
        return cls(
            _decoded(document.get("payload"), "payload"),
            key,
            _decoded(signatures[0].get("sig"), "sig"),
        )

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return pae(self.payload)


def pae(payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding of a payload."""
    name = PAYLOAD_TYPE.encode("ascii")
    return b" ".join((b"DSSEv1", b"%d" % len(name), name, b"%d" % len(payload), payload))


def statement(layer: str, project_arn: str, manifest: Manifest, document: bytes) -> bytes:
    """Return the statement about an artifact; ``document`` is its manifest as it is kept.

    The same artifact gives the same bytes.
    """
    byproducts = {MANIFEST: hashlib.sha256(document).hexdigest(), **manifest.documents}
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": ARCHIVE,
                "digest": {"sha256": base64.b64decode(manifest.code_sha256).hex()},
            }
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"layer": layer, "fingerprint": manifest.fingerprint},
                # SHA-256 of all sources and settings (docs/protocol.md, "Bundle").
                "resolvedDependencies": [
                    {"name": "source", "digest": {"sha256": manifest.fingerprint}}
                ],
            },
            "runDetails": {
                "builder": {"id": project_arn},
                "metadata": {"invocationId": manifest.build_id},
                "byproducts": [
                    {"name": name, "digest": {"sha256": digest}}
                    for name, digest in sorted(byproducts.items())
                ],
            },
        },
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _decoded(value: Any, at: str) -> bytes:
    try:
        return base64.b64decode(typed(str, value, at).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(f"{at} is not base64") from error
