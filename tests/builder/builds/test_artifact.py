import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from builder.builds.artifact import Artifact, Package, Start, find_artifact, keep, parse_manifest
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


BUILT = LayerKeys("web").unverified
TRUE_SHA256 = base64.b64encode(hashlib.sha256(ZIP).digest()).decode()


def built(world: World, **said: Any) -> Artifact:
    """Return an artifact as a build has left it."""
    document = json.dumps({**MANIFEST, "code_sha256": TRUE_SHA256, **said}).encode()
    stored = world.services.store.write(BUILT.archive(F), ZIP, "application/zip")
    manifest = parse_manifest(document, "here")
    return Artifact(stored.key, stored.version, manifest, document)


def test_a_kept_artifact_is_found_with_all_its_documents(world: World) -> None:
    bills = {f"lock-3.{n}.txt": f"{n}".encode() for n in range(9)}
    for name, content in bills.items():
        world.put(BUILT.document(F, name), content)
    world.put(BUILT.document(F, "other.txt"), b"changed")
    locks = [{"file": n, "sha256": hashlib.sha256(c).hexdigest()} for n, c in bills.items()]
    locks.append({"file": "other.txt", "sha256": "0" * 64})
    store = world.services.store

    keep(store, built(world, locks=locks), LayerKeys("web"))

    found = find_artifact(store, KEYS, F)
    assert found is not None
    assert world.read(found.key) == ZIP
    assert {name: world.read(KEYS.document(F, name)) for name in bills} == bills
    assert store.head(KEYS.document(F, "other.txt")) is None


def test_a_copy_of_which_s3_says_another_hash_is_never_kept(world: World) -> None:
    store = world.services.store
    with pytest.raises(ArtifactError, match=r"SHA-256 .*, the manifest says QUFBQQ=="):
        keep(store, built(world, code_sha256="QUFBQQ=="), LayerKeys("web"))

    assert find_artifact(store, KEYS, F) is None


def test_a_kept_archive_that_is_replaced_is_refused_without_being_fetched(world: World) -> None:
    """By another of the same size, copied there so that S3 knows its hash."""
    store, artifact = world.services.store, built(world)
    keep(store, artifact, LayerKeys("web"))
    other = store.write("other", b"a Layer", "application/zip")
    store.copy(other.key, other.version, KEYS.archive(F))

    with pytest.raises(ArtifactError, match="SHA-256"):
        find_artifact(store, KEYS, F)


def test_an_archive_that_s3_has_no_hash_of_is_judged_by_its_size_and_by_lambda(
    world: World,
) -> None:
    artifact = built(world)
    leave(world, json.loads(artifact.document), ZIP)

    found = find_artifact(world.services.store, KEYS, F)
    assert found is not None
    assert found == replace(artifact, key=found.key, version=found.version)


def test_what_runs_at_the_start_of_python_is_read() -> None:
    start = {"file": "python/a.pth", "package": "a", "line": "import a", "more": False}
    content = json.dumps({**MANIFEST, "at_start": [start]}).encode()

    assert parse_manifest(content, "here").at_start == (
        Start("python/a.pth", "a", "import a", False),
    )
    wrong = json.dumps({**MANIFEST, "at_start": [{**start, "more": "no"}]}).encode()
    with pytest.raises(ArtifactError, match=r"at_start\.more"):
        parse_manifest(wrong, "here")
