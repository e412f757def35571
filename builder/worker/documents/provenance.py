"""The provenance statement (in-toto, predicate SLSA v1): which build made the artifact, of what.

The fields are those of slsa.dev/spec/v1.0/provenance and of in-toto's Statement v1. It is not
signed: anyone who may write below the artifact's prefix could write it.
"""

from __future__ import annotations

import base64
from typing import Any, Mapping

BUILD_TYPE = "https://github.com/fast-lambda-layer/fast-lambda-layer/build/v1"
BUILDER = "https://github.com/fast-lambda-layer/fast-lambda-layer/worker"


def statement(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the in-toto statement about an artifact, made of its manifest."""
    digest = _digest(manifest)
    locks = [
        {"name": lock["file"], "digest": {"sha256": lock["sha256"]}} for lock in manifest["locks"]
    ]
    parts = [
        {"name": f"layer.zip of {part['target']}", "digest": {"sha256": _digest(part)}}
        for part in manifest.get("parts", ())
    ]
    needed = [
        {
            "name": f"build requirement {item['name']}",
            "uri": f"pkg:pypi/{item['name']}@{item['version']}",
            "annotations": {"allowed": item["hashes"]},
        }
        for item in manifest["build_requirements"]
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "layer.zip", "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "layer": manifest["layer"],
                    "fingerprint": manifest["fingerprint"],
                    "targets": manifest["targets"],
                },
                "internalParameters": {
                    "worker": manifest["worker"],
                    # Whether packages' code was kept from the build's files (docs/security.md).
                    "confined": manifest["confined"],
                },
                "resolvedDependencies": [
                    # SHA-256 of all sources and settings (docs/protocol.md, "Bundle").
                    {"name": "source", "digest": {"sha256": manifest["fingerprint"]}},
                    *locks,
                    *parts,
                    *needed,
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"worker": manifest["worker"]}},
                "metadata": {
                    "invocationId": manifest["build_id"],
                    "startedOn": manifest["started_at"],
                    "finishedOn": manifest["finished_at"],
                },
            },
        },
    }


def _digest(zipped: Mapping[str, Any]) -> str:
    return base64.b64decode(zipped["code_sha256"]).hex()
