import base64
import json
from typing import Any

import pytest

from builder.worker.documents.sbom import bill

MANIFEST: dict[str, Any] = {
    "layer": "web",
    "fingerprint": "f" * 64,
    "targets": [{"python": "3.12", "architecture": "arm64"}],
    "code_sha256": base64.b64encode(b"\1" * 32).decode(),
    "packages": [
        {"name": "six", "version": "1.17+local", "size": 20, "license": "MIT",
         "record_sha256": "d" * 64, "hashes": ["sha256:" + "a" * 64]},
        {"name": "both", "version": "2", "size": 3, "license": "Apache-2.0 OR BSD-3-Clause",
         "record_sha256": "c" * 64, "hashes": ["sha256:" + "a" * 64, "sha256:" + "b" * 64]},
        {"name": "old", "version": "2", "size": 3, "license": "Some Licence of their own",
         "record_sha256": "c" * 64, "hashes": ["sha512:" + "b" * 128]},
        {"name": "secret", "version": "1", "size": 1, "license": "", "record_sha256": "e" * 64,
         "hashes": []},
    ],
    "locks": [{"file": "lock-3.12.txt", "sha256": "e" * 64}],
    "worker": "8aaaf07111c3",
    "build_id": "layers:1c9e",
    "confined": True,
    "build_requirements": [
        {"name": "hatchling", "version": "1.27.0", "hashes": ["sha256:" + "d" * 64]}
    ],
    "started_at": "2026-01-05T10:00:00Z",
    "finished_at": "2026-01-05T10:00:09Z",
}  # fmt: skip


def component(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in bill(MANIFEST)["components"] if c["name"] == name)
    return found


@pytest.mark.slow
def test_the_bill_is_strictly_valid_cyclonedx() -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # here: it takes seconds

    validator = JsonStrictValidator(SchemaVersion.V1_6)

    assert validator.validate_str(json.dumps(bill(MANIFEST))) is None
    assert validator.validate_str(json.dumps({**bill(MANIFEST), "serialNumber": "no"})) is not None


def test_the_bill_says_what_it_is_about() -> None:
    document = bill(MANIFEST)

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    layer = document["metadata"]["component"]
    assert (layer["name"], layer["hashes"][0]["content"]) == ("web", "01" * 32)
    values = {p["name"].partition(":")[2]: p["value"] for p in layer["properties"]}
    assert values == {"fingerprint": "f" * 64, "target": "python3.12 arm64"}
    depends = {d["ref"]: d.get("dependsOn", []) for d in document["dependencies"]}
    packages = [c for c in document["components"] if c.get("scope") != "excluded"]
    assert depends["layer"] == sorted(c["bom-ref"] for c in packages)


def test_what_builds_needed_is_there_and_no_part_of_the_layer() -> None:
    hatchling = component("hatchling")

    assert (hatchling["scope"], hatchling["version"]) == ("excluded", "1.27.0")
    assert hatchling["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]
    assert {"name": "fast-lambda-layer:role", "value": "build requirement"} in (
        hatchling["properties"]
    )


def test_each_package_has_its_purl_licence_and_hashes() -> None:
    six, both = component("six"), component("both")

    assert six["purl"] == "pkg:pypi/six@1.17%2Blocal"
    assert [item["license"]["id"] for item in six["licenses"]] == ["MIT"]
    assert six["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert [item["expression"] for item in both["licenses"]] == ["Apache-2.0 OR BSD-3-Clause"]
    allowed = both["externalReferences"][0]["hashes"]
    assert [item["content"] for item in allowed] == ["a" * 64, "b" * 64]
    assert "hashes" not in both
    assert component("old")["licenses"][0]["license"]["name"] == "Some Licence of their own"
    assert "licenses" not in component("secret")


def test_the_same_manifest_gives_the_same_bill() -> None:
    again = {**MANIFEST, "packages": MANIFEST["packages"][::-1]}

    assert json.dumps(bill(MANIFEST)) == json.dumps(bill(again))
