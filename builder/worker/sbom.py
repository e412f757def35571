"""The bill of materials (CycloneDX 1.6) and the provenance (SLSA v1), made of the manifest.

Written by hand after their JSON schemas: the worker has the standard library only.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any, Mapping
from urllib.parse import quote

NAMESPACE = uuid.UUID("6f1f3c5e-7d0c-5b0e-9a53-0a4f0c1d2e3b")
BUILD_TYPE = "https://github.com/fast-lambda-layer/fast-lambda-layer/build/v1"
BUILDER = "https://github.com/fast-lambda-layer/fast-lambda-layer/worker"
OWN = "fast-lambda-layer:"


def bill(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the CycloneDX document of an artifact."""
    layer = {
        "type": "application",
        "bom-ref": "layer",
        "name": manifest["layer"],
        "version": manifest["fingerprint"][:12],
        "hashes": [{"alg": "SHA-256", "content": _digest(manifest)}],
        "properties": [
            {"name": OWN + "fingerprint", "value": manifest["fingerprint"]},
            *({"name": OWN + "target", "value": _target(t)} for t in manifest["targets"]),
        ],
    }
    components = [_component(package) for package in manifest["packages"]]
    tool = {"type": "application", "name": "fast-lambda-layer", "version": manifest["worker"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, manifest['code_sha256'])}",
        "version": 1,
        "metadata": {
            "timestamp": manifest["finished_at"],
            "tools": {"components": [tool]},
            "component": layer,
        },
        "components": components,
        "dependencies": [{"ref": "layer", "dependsOn": [c["bom-ref"] for c in components]}],
    }


def provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the in-toto statement: which build made the artifact, of what."""
    locks = [
        {"name": lock["file"], "digest": {"sha256": lock["sha256"]}} for lock in manifest["locks"]
    ]
    parts = [
        {"name": f"layer.zip of {part['target']}", "digest": {"sha256": _digest(part)}}
        for part in manifest.get("parts", ())
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "layer.zip", "digest": {"sha256": _digest(manifest)}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "layer": manifest["layer"],
                    "fingerprint": manifest["fingerprint"],
                    "targets": manifest["targets"],
                },
                "internalParameters": {"worker": manifest["worker"]},
                "resolvedDependencies": [
                    # SHA-256 of all sources and settings (docs/protocol.md, "Bundle").
                    {"name": "source", "digest": {"sha256": manifest["fingerprint"]}},
                    *locks,
                    *parts,
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


def _component(package: Mapping[str, Any]) -> dict[str, Any]:
    name, version = package["name"], package["version"]
    # Package-URL specification, type "pypi": the name is normalized already.
    purl = f"pkg:pypi/{quote(name)}@{quote(version)}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "properties": [
            {"name": OWN + "size", "value": str(package["size"])},
            {"name": OWN + "record-sha256", "value": package["record_sha256"]},
        ],
    }
    if package["license"]:
        component["licenses"] = [{"license": {"name": package["license"]}}]
    return component


def _target(target: Mapping[str, str]) -> str:
    return f"python{target['python']} {target['architecture']}"


def _digest(manifest: Mapping[str, Any]) -> str:
    return base64.b64decode(manifest["code_sha256"]).hex()
