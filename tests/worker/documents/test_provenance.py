from typing import Any

from builder.worker.documents.provenance import statement
from tests.worker.documents.test_sbom import MANIFEST

# The fields of slsa.dev/spec/v1.0/provenance; the types are those of its protobuf definition.
DEFINITION = {"buildType": str, "externalParameters": dict, "internalParameters": dict,
              "resolvedDependencies": list}  # fmt: skip
RUN = {"builder": dict, "metadata": dict}
DESCRIPTOR = {"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"}


def shape(document: dict[str, Any]) -> dict[str, type]:
    return {key: type(value) for key, value in document.items()}


def test_the_statement_has_the_shape_of_the_specification() -> None:
    document = statement(MANIFEST)
    predicate = document["predicate"]

    assert set(document) == {"_type", "subject", "predicateType", "predicate"}
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    assert set(predicate) == {"buildDefinition", "runDetails"}
    assert shape(predicate["buildDefinition"]) == DEFINITION
    assert shape(predicate["runDetails"]) == RUN
    for described in [*document["subject"], *predicate["buildDefinition"]["resolvedDependencies"]]:
        assert set(described) <= DESCRIPTOR
        assert all(
            len(bytes.fromhex(hexed)) == 32 for hexed in described.get("digest", {}).values()
        )
        assert described.get("digest") or described.get("uri")
    builder = predicate["runDetails"]["builder"]
    assert builder["id"].startswith("https://")
    assert all(isinstance(version, str) for version in builder["version"].values())


def test_the_provenance_names_artifact_source_and_build() -> None:
    document = statement(MANIFEST)

    assert document["subject"] == [{"name": "layer.zip", "digest": {"sha256": "01" * 32}}]
    definition = document["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"][0]["digest"] == {"sha256": "f" * 64}
    assert definition["externalParameters"]["fingerprint"] == "f" * 64
    assert definition["internalParameters"] == {"worker": "8aaaf07111c3", "confined": True}
    run = document["predicate"]["runDetails"]
    assert run["metadata"] == {
        "invocationId": "layers:1c9e",
        "startedOn": "2026-01-05T10:00:00Z",
        "finishedOn": "2026-01-05T10:00:09Z",
    }
