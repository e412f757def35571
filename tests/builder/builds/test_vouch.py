"""What builds could write is adopted only if CodeBuild vouches for it."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import pytest

from builder.builds.vouch import objection
from builder.errors import BuildFailed
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.protocol.keys import LayerKeys
from tests.builder.conftest import World


def planted(world: World, layer: Layer, build_id: str) -> bytes:
    """Leave a layer of ours where a layer's builds leave theirs; return its manifest."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/made.py", "made = 'by a stranger'")
    content, keys = buffer.getvalue(), LayerKeys(layer.name).unverified
    manifest = {
        "schema": 1,
        "fingerprint": layer.fingerprint,
        "code_sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "unzipped_size": 22,
        "zipped_size": len(content),
        "packages": [],
        "build_id": build_id,
    }
    document = json.dumps(manifest).encode()
    world.put(keys.archive(layer.fingerprint), content)
    world.put(keys.manifest(layer.fingerprint), document)
    return document


def forget(world: World, release: Release) -> None:
    """Lose a release's layer version, as somebody who deletes it by hand."""
    world.aws.client("lambda").delete_layer_version(
        LayerName=f"{world.name}-web", VersionNumber=release.version
    )


def made(world: World, release: Release) -> str:
    archive = world.read(f"web/artifacts/{release.fingerprint}/layer.zip")
    return zipfile.ZipFile(io.BytesIO(archive)).read("python/made.py").decode()


def test_what_a_build_planted_for_an_earlier_fingerprint_is_not_published(world: World) -> None:
    first = world.release()
    before = world.layer().files
    old = world.layer()
    world.edit()
    second = world.release()
    # The build of the second fingerprint has written below the first.
    planted(world, old, second.build_id)
    forget(world, first)
    world.edit("x = 1\n")
    assert [f.path for f in world.layer().files] == [f.path for f in before]

    again = world.release()

    assert again.fingerprint == first.fingerprint
    assert "stranger" not in made(world, again)
    assert again.code_sha256 == first.code_sha256


@pytest.mark.parametrize("claimed", ["", "nothing", "{project}:no-such-build", "other:build"])
def test_what_names_no_build_of_ours_is_built_anew(world: World, claimed: str) -> None:
    layer = world.layer()
    planted(world, layer, claimed.format(project=world.name))

    release = world.release()

    assert "stranger" not in made(world, release)
    assert len(world.builds()) == 1


def test_a_manifest_that_claims_another_builds_work_is_refused(world: World) -> None:
    release = world.release()
    layer = world.layer()
    document = planted(world, layer, release.build_id)

    assert objection(layer, release.build_id, document).endswith("did not leave this")


def test_a_build_is_believed_what_it_left_and_for_its_own_runtime_only(world: World) -> None:
    release = world.release()
    layer = world.layer()
    document = world.read(f"web/built/{release.fingerprint}/manifest.json")

    assert objection(layer, release.build_id, document) == ""
    assert objection(layer, release.build_id, document, "python3.12").endswith("something else")


def test_a_build_is_not_believed_for_another_fingerprint_or_another_layer(world: World) -> None:
    release = world.release()
    layer = world.layer()
    document = world.read(f"web/built/{release.fingerprint}/manifest.json")
    other = replace(layer, spec=replace(layer.spec, name="api"))
    assert other.fingerprint == layer.fingerprint

    assert objection(other, release.build_id, document).endswith("was for something else")
    world.edit()
    assert objection(world.layer(), release.build_id, document).endswith("another fingerprint")


def test_a_build_of_another_project_is_not_asked_for(world: World) -> None:
    release = world.release()
    layer = world.layer()
    document = world.read(f"web/built/{release.fingerprint}/manifest.json")
    others = replace(layer, site=replace(layer.site, project=f"{world.name}-other"))

    why = objection(others, release.build_id, document)

    assert why == f"it names no build of project {world.name}-other"


def test_a_build_that_failed_after_it_had_left_all_is_not_believed(world: World) -> None:
    world.behave("late")
    layer = world.layer()
    with pytest.raises(BuildFailed):
        world.release(layer)
    (build,) = world.builds()
    document = world.read(f"web/built/{layer.fingerprint}/manifest.json")

    assert objection(layer, build["id"], document).endswith("has not succeeded")


def test_a_verified_artifact_is_used_again_without_its_build(world: World) -> None:
    first = world.release()
    forget(world, first)
    world.services.store.delete_all("web/built/")

    again = world.release()

    assert (again.version, again.build_id) == (2, first.build_id)
    assert len(world.builds()) == 1


def names(world: World, prefix: str) -> Mapping[str, bytes]:
    return {key.rpartition("/")[2]: world.read(key) for key in world.keys(prefix)}


def test_only_what_the_manifest_has_a_digest_of_is_kept(world: World) -> None:
    layer = world.layer()
    world.put(f"web/built/{layer.fingerprint}/more.txt", b"from a stranger")

    release = world.release()

    kept = names(world, f"web/artifacts/{release.fingerprint}/")
    assert sorted(kept) == ["layer.zip", "lock-3.12.txt", "manifest.json"]
    assert kept["manifest.json"] == world.read(f"web/built/{layer.fingerprint}/manifest.json")
