import json

import pytest

from builder.errors import ArtifactError, LayerError
from builder.operations.lock import release_lock
from tests.builder.conftest import World


def test_the_lock_of_the_current_release_is_the_one_its_build_stored(world: World) -> None:
    release = world.release()

    lock = release_lock(world.layer())

    assert lock == f"# lock-3.12.txt of {release.fingerprint}\nmade==1\n".encode()


def test_an_older_release_keeps_its_lock(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()

    assert second.fingerprint.encode() in release_lock(world.layer())
    assert first.fingerprint.encode() in release_lock(world.layer(), version=first.version)


def test_of_several_python_versions_one_is_to_be_named(world: World) -> None:
    layer = world.layer(python=("3.9", "3.12"))
    world.release(layer)

    assert release_lock(layer, python="3.9").startswith(b"# lock-3.9.txt")
    with pytest.raises(LayerError, match="has several locks") as caught:
        release_lock(layer)
    assert caught.value.expected == "one of the Python versions 3.9, 3.12"
    assert caught.value.fix == "name one, for example --python 3.12"


@pytest.mark.parametrize("python", ["3.13", "../../record"])
def test_a_python_version_that_the_release_is_not_for_is_refused(world: World, python: str) -> None:
    world.release()

    with pytest.raises(LayerError, match="has no lock for python"):
        release_lock(world.layer(), python=python)


def test_a_layer_that_was_never_released_is_said_so(world: World) -> None:
    with pytest.raises(LayerError, match="has no release yet") as caught:
        release_lock(world.layer())

    assert "lambda-layer build web" in caught.value.fix


def test_a_version_that_there_is_not_is_answered_with_those_there_are(world: World) -> None:
    world.release()

    with pytest.raises(LayerError, match="version 7 is no release of layer 'web'") as caught:
        release_lock(world.layer(), version=7)

    assert caught.value.expected == "one of the versions 1"


def test_a_lock_that_is_gone_is_said_so(world: World) -> None:
    release = world.release()
    folder = f"web/artifacts/{release.fingerprint}"

    world.delete(f"{folder}/lock-3.12.txt")
    with pytest.raises(ArtifactError, match=r"has no lock-3\.12\.txt"):
        release_lock(world.layer())

    manifest = json.loads(world.read(f"{folder}/manifest.json"))
    del manifest["locks"]
    world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
    with pytest.raises(ArtifactError, match="has no list of locks"):
        release_lock(world.layer())

    world.delete(f"{folder}/manifest.json")
    with pytest.raises(ArtifactError, match=r"has no manifest\.json"):
        release_lock(world.layer())


def test_a_lock_that_was_changed_later_is_refused(world: World) -> None:
    release = world.release()
    folder = f"web/artifacts/{release.fingerprint}"

    lock = world.read(f"{folder}/lock-3.12.txt")
    world.put(f"{folder}/lock-3.12.txt", b"evil==1\n")
    with pytest.raises(ArtifactError, match=r"lock-3\.12\.txt is not that of version 1") as caught:
        release_lock(world.layer())
    assert caught.value.where.endswith(f"{folder}/lock-3.12.txt")
    world.put(f"{folder}/lock-3.12.txt", lock)
    assert release_lock(world.layer()) == lock

    manifest = json.loads(world.read(f"{folder}/manifest.json"))
    manifest["code_sha256"] = "A" * 43 + "="
    world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
    with pytest.raises(ArtifactError, match=r"manifest\.json is not that of version 1"):
        release_lock(world.layer())


def test_reading_the_lock_needs_no_right_to_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    world.become(monkeypatch, "s3:GetObject", "s3:ListBucket")

    assert release.fingerprint.encode() in release_lock(world.layer())
