import json
from typing import Any

import pytest

from builder.builds.artifact import Package, find_artifact
from builder.errors import ArtifactError
from builder.protocol.keys import LayerKeys
from builder.spec.runtimes import UNZIPPED_LIMIT
from tests.builder.conftest import World

F = "f" * 64
KEYS = LayerKeys("web").verified
ZIP = b"a layer"
MANIFEST: dict[str, Any] = {
    "schema": 1,
    "layer": "web",
    "fingerprint": F,
    "targets": [{"python": "3.12", "architecture": "arm64"}],
    "code_sha256": "sha",
    "unzipped_size": 100,
    "zipped_size": len(ZIP),
    "files": 1,
    "packages": [{"name": "rich", "version": "14.0", "size": 90}],
    "worker": "0.1.0",
    "build_id": "web:1",
}


def leave(world: World, manifest: bytes | dict[str, Any] | None, archive: bytes | None) -> None:
    """Leave an artifact as a build does."""
    if archive is not None:
        world.put(KEYS.archive(F), archive)
    if manifest is not None:
        content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        world.put(KEYS.manifest(F), content)


def test_an_artifact_that_is_whole_is_found_with_the_version_of_its_bytes(world: World) -> None:
    leave(world, MANIFEST, b"an older one")
    leave(world, MANIFEST, ZIP)

    artifact = find_artifact(world.services.store, KEYS, F)

    assert artifact is not None
    s3 = world.aws.client("s3")
    found = s3.get_object(Bucket=world.name, Key=artifact.key, VersionId=artifact.version)
    assert found["Body"].read() == ZIP
    assert artifact.manifest.packages == (Package("rich", "14.0", 90),)
    assert artifact.manifest.build_id == artifact.build_id == "web:1"
    assert artifact.manifest.parts == {}


def test_a_merged_artifact_knows_the_builds_of_its_parts(world: World) -> None:
    parts = [{"target": "python3.12", "build_id": "web:2", "worker": "w"}]
    leave(world, {**MANIFEST, "parts": parts}, ZIP)

    artifact = find_artifact(world.services.store, KEYS, F)

    assert artifact is not None
    assert artifact.manifest.parts == {"python3.12": "web:2"}


@pytest.mark.parametrize(("manifest", "archive"), [(None, None), (None, ZIP), (MANIFEST, None)])
def test_half_an_artifact_is_none(
    world: World, manifest: dict[str, Any] | None, archive: bytes | None
) -> None:
    leave(world, manifest, archive)

    assert find_artifact(world.services.store, KEYS, F) is None


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        {**MANIFEST, "schema": 2},
        {**MANIFEST, "packages": "rich"},
        {**MANIFEST, "packages": [3]},
        {**MANIFEST, "packages": [{"name": "rich"}]},
        {**MANIFEST, "zipped_size": "many"},
        {**MANIFEST, "parts": "python3.12"},
        {**MANIFEST, "parts": [{"target": "python3.12"}]},
        {k: v for k, v in MANIFEST.items() if k != "code_sha256"},
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(
    world: World, manifest: bytes | dict[str, Any]
) -> None:
    leave(world, manifest, ZIP)

    with pytest.raises(ArtifactError, match="manifest cannot be read") as caught:
        find_artifact(world.services.store, KEYS, F)

    assert caught.value.where == f"s3://{world.name}/web/artifacts/{F}/manifest.json"
    assert "apply again" in caught.value.fix


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"fingerprint": "e" * 64}, f"it is of fingerprint {'e' * 64}"),
        ({"zipped_size": 8}, "layer.zip has 7 bytes, the manifest says 8"),
        ({"unzipped_size": UNZIPPED_LIMIT + 1}, f"{UNZIPPED_LIMIT + 1} bytes unzipped"),
    ],
)
def test_an_artifact_that_contradicts_itself_is_refused(
    world: World, change: dict[str, Any], what: str
) -> None:
    leave(world, {**MANIFEST, **change}, ZIP)

    with pytest.raises(ArtifactError) as caught:
        find_artifact(world.services.store, KEYS, F)

    assert what in caught.value.what


def test_a_layer_of_exactly_the_limit_is_let_through(world: World) -> None:
    leave(world, {**MANIFEST, "unzipped_size": UNZIPPED_LIMIT}, ZIP)

    assert find_artifact(world.services.store, KEYS, F) is not None
