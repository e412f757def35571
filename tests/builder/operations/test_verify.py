"""What Lambda has of a release, compared with what is known of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.errors import ArtifactError, LayerError
from builder.operations.proof import PROVEN, UNPROVEN, WRONG
from builder.operations.verify import verify_folder, verify_release
from builder.protocol.keys import LayerKeys
from builder.protocol.variables import SEAL_VARIABLE
from tests.builder.conftest import World
from tests.patience import wait_until


def verdicts(world: World) -> dict[str, str]:
    return {found.subject: found.verdict for found in verify_release(world.layer())[1]}


def test_what_lambda_has_is_what_the_record_and_the_build_say(world: World) -> None:
    published = world.release()

    release, found = verify_release(world.layer(), published.version)
    said = {each.subject: each.verdict for each in found}

    assert release == published
    assert (said["record"], said["manifest"], said["origin"]) == (PROVEN, PROVEN, PROVEN)
    assert said["kept copy"] == PROVEN
    assert said["signature"] == UNPROVEN


@pytest.mark.parametrize(
    ("changed", "subjects"),
    [
        ({"code_sha256": "AAAA"}, {"record", "manifest", "origin"}),
        ({"fingerprint": "0" * 64}, {"record", "origin"}),
        ({"files": 2}, {"origin"}),
    ],
)
def test_a_manifest_that_was_changed_is_found(
    world: World, changed: dict[str, Any], subjects: set[str]
) -> None:
    release = world.release()
    key = LayerKeys("web").verified.manifest(release.fingerprint)
    world.put(key, json.dumps({**json.loads(world.read(key)), **changed}).encode())

    found = verdicts(world)

    assert {subject for subject in subjects if found[subject] == WRONG} == subjects


def change(world: World, key: str, **changed: Any) -> bytes:
    """Change fields of a document in the bucket; return it."""
    document = json.dumps({**json.loads(world.read(key)), **changed}).encode()
    world.put(key, document)
    return document


def test_a_record_that_means_other_bytes_than_lambda_and_manifest_is_found(world: World) -> None:
    world.release()
    current = json.loads(world.read("web/record.json"))["current"]
    change(world, "web/record.json", current={**current, "code_sha256": "AAAA"})

    found = verdicts(world)

    assert (found["record"], found["manifest"]) == (WRONG, PROVEN)


def test_bytes_in_lambda_that_neither_record_nor_manifest_mean_are_found(world: World) -> None:
    release = world.release()
    current = json.loads(world.read("web/record.json"))["current"]
    change(world, "web/record.json", current={**current, "code_sha256": "AAAA"})
    change(world, LayerKeys("web").verified.manifest(release.fingerprint), code_sha256="AAAA")

    assert verdicts(world)["record"] == WRONG


def test_a_build_that_sealed_a_manifest_and_then_failed_is_no_origin(world: World) -> None:
    release = world.release()
    key = LayerKeys("web").verified.manifest(release.fingerprint)
    document = change(world, key, build_id="THIS").decode()
    seal = (
        f'export {SEAL_VARIABLE}=$(printf %s "$DOCUMENT" | sed "s|THIS|$CODEBUILD_BUILD_ID|"'
        " | sha256sum | cut -d ' ' -f 1)"
    )
    buildspec = {
        "version": "0.2",
        "env": {"variables": {"DOCUMENT": document}, "exported-variables": [SEAL_VARIABLE]},
        "phases": {"build": {"commands": [seal]}, "post_build": {"commands": ["exit 1"]}},
    }
    codebuild = world.services.codebuild
    started = world.aws.client("codebuild").start_build(
        projectName=world.name, buildspecOverride=json.dumps(buildspec)
    )["build"]["id"]
    wait_until(lambda: not (codebuild.state(started) or pytest.fail("it is gone")).running)
    document = change(world, key, build_id=started).decode()
    state = codebuild.state(started)
    assert state is not None
    sealed = hashlib.sha256(document.encode()).hexdigest()
    assert (state.succeeded, state.exported[SEAL_VARIABLE]) == (False, sealed)

    assert verdicts(world)["origin"] == WRONG


def test_a_build_of_another_project_is_no_origin(world: World) -> None:
    world.release()
    layer = world.layer()
    others = replace(layer, site=replace(layer.site, project="another"))

    found = {each.subject: each.verdict for each in verify_release(others)[1]}

    assert found["origin"] == UNPROVEN


def test_the_buckets_copy_is_judged_by_the_hash_that_s3_has_of_it(world: World) -> None:
    release, store = world.release(), world.services.store
    key = LayerKeys("web").verified.archive(release.fingerprint)

    world.put(key, b"another")
    assert verdicts(world)["kept copy"] == UNPROVEN
    other = store.write("other", b"another", "application/zip")
    store.copy(other.key, other.version, key)
    assert verdicts(world)["kept copy"] == WRONG
    world.delete(key)
    assert verdicts(world)["kept copy"] == UNPROVEN


def test_a_release_without_a_manifest_and_one_without_a_version_are_said_so(world: World) -> None:
    release = world.release()
    with pytest.raises(LayerError, match="version 9 is no release"):
        verify_release(world.layer(), 9)
    world.delete(LayerKeys("web").verified.manifest(release.fingerprint))
    with pytest.raises(LayerError, match="version 1 of layer 'web' has no manifest"):
        verify_release(world.layer())


def test_a_version_that_was_deleted_in_lambda_is_an_error(world: World) -> None:
    release = world.release()
    world.delete_version(release.version)

    with pytest.raises(LayerError, match="GetLayerVersion"):
        verify_release(world.layer())


def test_a_folder_without_an_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json cannot be read"):
        verify_folder(tmp_path)
