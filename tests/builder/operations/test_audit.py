import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from builder.errors import ArtifactError, LayerError
from builder.layer.record import Release
from builder.operations.audit import Audit, audit, packages_of
from builder.operations.contents import document_of
from builder.operations.vulnerabilities import Package, Vulnerability
from tests.builder.conftest import World

BILL = {
    "bomFormat": "CycloneDX",
    "components": [
        {"name": "idna", "version": "3.6", "purl": "pkg:pypi/idna@3.6"},
        {"name": "pip", "version": "1", "purl": "pkg:pypi/pip@1", "scope": "excluded"},
        {"name": "libxml2", "version": "2"},
    ],
}


def judge(packages: Sequence[Package]) -> list[Vulnerability]:
    return [Vulnerability(p.name, p.version, p.in_layer, "X-1") for p in packages]


def with_bill(world: World, content: bytes, *, named: bytes | None = None) -> Release:
    """Release a layer, and put an SBOM beside its manifest."""
    release = world.release()
    folder = f"web/artifacts/{release.fingerprint}"
    manifest = json.loads(world.read(f"{folder}/manifest.json"))
    digest = hashlib.sha256(named or content).hexdigest()
    manifest["documents"] = [{"file": "sbom.cdx.json", "sha256": digest}]
    world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
    world.put(f"{folder}/sbom.cdx.json", content)
    return release


def test_the_packages_of_the_bill_of_materials_are_judged(world: World) -> None:
    release = with_bill(world, json.dumps(BILL).encode())

    found = audit(world.layer(), None, judge)

    assert found == Audit(
        replace(release),
        2,
        (Vulnerability("idna", "3.6", True, "X-1"), Vulnerability("pip", "1", False, "X-1")),
    )


def test_a_bill_that_was_changed_is_refused(world: World) -> None:
    with_bill(world, b"{}", named=json.dumps(BILL).encode())

    with pytest.raises(ArtifactError, match="not the one that the manifest names"):
        audit(world.layer(), None, judge)


def test_a_bill_beside_the_manifest_of_another_artifact_is_refused(world: World) -> None:
    release = with_bill(world, json.dumps(BILL).encode())
    place = f"web/artifacts/{release.fingerprint}/manifest.json"
    other = {**json.loads(world.read(place)), "code_sha256": "A" * 43 + "="}
    world.put(place, json.dumps(other).encode())

    with pytest.raises(ArtifactError, match=r"manifest\.json is not that of version 1"):
        audit(world.layer(), None, judge)
    with pytest.raises(ArtifactError, match=r"manifest\.json is not that of version 1"):
        document_of(world.layer(), "sbom")


def test_a_release_without_a_bill_says_so(world: World) -> None:
    world.release()

    with pytest.raises(LayerError, match="has no SBOM"):
        audit(world.layer(), 1, judge)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"components": 1}', b'{"components": [{"purl": "pkg:pypi/x"}]}',
     b'{"components": [{"purl": 1, "name": "x"}]}', b"\xff"],
)  # fmt: skip
def test_what_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactError, match="the SBOM cannot be read"):
        packages_of(content, "here")
