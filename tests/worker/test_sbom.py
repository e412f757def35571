import base64
import importlib
import importlib.util
import json
from typing import Any

import pytest

from builder.worker.sbom import bill, provenance

MANIFEST: dict[str, Any] = {
    "layer": "web",
    "fingerprint": "f" * 64,
    "targets": [{"python": "3.12", "architecture": "arm64"}],
    "code_sha256": base64.b64encode(b"\1" * 32).decode(),
    "packages": [
        {"name": "six", "version": "1.17+local", "size": 20, "license": "MIT",
         "record_sha256": "d" * 64, "hashes": []},
        {"name": "secret", "version": "1", "size": 1, "license": "", "record_sha256": "e" * 64,
         "hashes": []},
    ],
    "locks": [{"file": "lock-3.12.txt", "sha256": "e" * 64}],
    "worker": "8aaaf07111c3",
    "build_id": "layers:1c9e",
    "started_at": "2026-01-05T10:00:00Z",
    "finished_at": "2026-01-05T10:00:09Z",
}  # fmt: skip


def test_the_bill_lists_each_package_with_its_licence() -> None:
    six, secret = bill(MANIFEST)["components"]

    assert six["purl"] == "pkg:pypi/six@1.17%2Blocal"
    assert six["licenses"] == [{"license": {"name": "MIT"}}]
    assert "licenses" not in secret


def test_the_bill_is_valid_cyclonedx() -> None:
    if importlib.util.find_spec("cyclonedx") is None:
        pytest.skip("cyclonedx-python-lib is not installed")
    schema = importlib.import_module("cyclonedx.schema")
    validation = importlib.import_module("cyclonedx.validation.json")
    validator = validation.JsonStrictValidator(schema.SchemaVersion.V1_6)

    assert validator.validate_str(json.dumps(bill(MANIFEST))) is None


def test_the_provenance_names_artifact_source_and_build() -> None:
    statement = provenance(MANIFEST)

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "layer.zip", "digest": {"sha256": "01" * 32}}]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"][0]["digest"] == {"sha256": "f" * 64}
    run = statement["predicate"]["runDetails"]
    assert run["metadata"]["invocationId"] == "layers:1c9e"
